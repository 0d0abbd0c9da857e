import { OpenAPIHono, z } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { etag } from "hono/etag";
import { HTTPException } from "hono/http-exception";
import type { ServiceDefinition } from "../definition/index.ts";
import { InvalidArgumentError } from "../event-store/index.ts";
import { addCommands } from "./commands.ts";
import type { HttpDependencies } from "./dependencies.ts";
import { addEntityQueries, ENTITY_PATHS } from "./entity-queries.ts";
import { RoutePaths, type RouteTemplate } from "./paths.ts";
import { isForLater, problem, problemOf } from "./problem.ts";
import { type Query, queryRoute } from "./query.ts";
import { type App, CORRELATION_HEADER, type Variables } from "./request.ts";

/** The API of a service: one Request in, one Response out. Its commands come from the declaration, its queries are given. */
export function createApp(service: ServiceDefinition, queries: readonly Query[], dependencies: HttpDependencies): App {
  const app = createBareApp();
  addRequestLine(app, dependencies);
  app.use(
    bodyLimit({
      maxSize: MAX_BODY,
      onError: () => {
        throw new HTTPException(413, { message: `the body is over ${MAX_BODY} bytes` });
      },
    }),
  );
  app.get("*", etag());
  addProblems(app);
  addCommands(app, service, dependencies);
  addEntityQueries(app, service, dependencies);
  checkPaths(queries);
  for (const query of queries) query.addTo(app, dependencies);
  app.openapi(queryRoute("/projections", "How far the read models are", z.strictObject({})), async (context) =>
    context.json({ projections: await dependencies.status() }, 200),
  );
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: {
      title: service.name,
      version: "0.1.0",
      description: `Commands change ${Object.keys(service.aggregates).join(" and ")}; queries read what projectors made of the events.`,
    },
  });
  return app;
}

function createBareApp(): App {
  return new OpenAPIHono<{ Variables: Variables }>({
    defaultHook: (result, context) => {
      if (result.success) return undefined;
      const errors = result.error.issues.map(({ path, message }) => ({ path: pathOf(path), message }));
      const detail = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
      const correlationId = context.get("correlationId");
      context.set("detail", detail);
      const body = problem(400, detail, { errors, instance: context.req.path, correlationId });
      return context.json(body, 400, { "content-type": "application/problem+json" });
    },
  });
}

/** Gives every request its correlation id, and the log one line. */
function addRequestLine(app: App, { clock, log, newId }: HttpDependencies): void {
  app.use(async (context, next) => {
    const start = clock().getTime();
    const correlationId = context.req.header(CORRELATION_HEADER) || newId();
    context.set("correlationId", correlationId);
    await next();
    context.res.headers.set(CORRELATION_HEADER, correlationId);
    const { method, path } = context.req;
    const milliseconds = clock().getTime() - start;
    const { status } = context.res;
    log({
      method,
      path,
      status,
      milliseconds,
      correlationId,
      detail: context.get("detail"),
      error: context.get("error"),
    });
  });
}

/** @throws {InvalidArgumentError} for a path twice: the second query would never answer */
function checkPaths(queries: readonly Query[]): void {
  const paths = new Set(["/projections", "/openapi.json", ...ENTITY_PATHS]);
  for (const { path } of queries) {
    if (paths.has(path)) throw new InvalidArgumentError("queries", path, "another path: there is a query of this one");
    paths.add(path);
  }
}

/** Bytes of a request body; one event is at most 400 KB. */
const MAX_BODY = 512 * 1024;

const pathOf = (path: readonly PropertyKey[]): string => path.map(String).join(".");

function addProblems(app: App): void {
  app.onError((error, context) => {
    const isHttp = error instanceof HTTPException;
    const body = isHttp
      ? problem(error.status, error.message)
      : problemOf(error, context.req.header("if-match") !== undefined);
    context.set("detail", body.detail);
    if (body.status === 500) context.set("error", error);
    const headers: Record<string, string> = { "content-type": "application/problem+json" };
    if (isForLater(body)) headers["retry-after"] = "1";
    const correlationId = context.get("correlationId");
    return context.body(
      JSON.stringify({ ...body, instance: context.req.path, correlationId }),
      body.status as 400,
      headers,
    );
  });
  app.notFound((context) => {
    const { method, path } = context.req;
    const allow = pathsOf(app).methodsOf(path);
    const isThere = allow.length > 0;
    // The gateway adds what a browser wants to know of it (CORS), where the stage lets pages of other origins in.
    if (isThere && method === "OPTIONS") return context.body(null, 204, { allow: allow.join(", ") });
    const detail = isThere
      ? `${method} is not allowed on ${path}; allowed: ${allow.join(", ")}`
      : `there is no ${method} ${path}`;
    context.set("detail", detail);
    const status = isThere ? 405 : 404;
    return context.json(
      problem(status, detail, { instance: path, correlationId: context.get("correlationId") }),
      status,
      {
        "content-type": "application/problem+json",
        ...(isThere ? { allow: allow.join(", ") } : {}),
      },
    );
  });
}

const known = new WeakMap<App, RoutePaths>();

/** The routes of an app by their paths, as its OpenAPI document lists them. */
export function pathsOf(app: App): RoutePaths {
  const found = known.get(app) ?? new RoutePaths([...templatesOf(app), { method: "get", path: "/openapi.json" }]);
  known.set(app, found);
  return found;
}

const templatesOf = (app: App): RouteTemplate[] =>
  app.openAPIRegistry.definitions.flatMap((definition) => (definition.type === "route" ? [definition.route] : []));
