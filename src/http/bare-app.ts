import { OpenAPIHono } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { etag } from "hono/etag";
import { HTTPException } from "hono/http-exception";
import type { HttpDependencies } from "./dependencies.ts";
import { RoutePaths, type RouteTemplate } from "./paths.ts";
import { isForLater, problem, problemOf } from "./problem.ts";
import { type App, CORRELATION_HEADER, type Variables } from "./request.ts";

export type BareDependencies = Pick<HttpDependencies, "clock" | "log" | "newId">;

/** An app without routes: request lines, limits, entity tags, problem documents. */
export function createBareApp(dependencies: BareDependencies): App {
  const app = new OpenAPIHono<{ Variables: Variables }>({
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
  return app;
}

/** Gives every request its correlation id, and the log one line. */
function addRequestLine(app: App, { clock, log, newId }: BareDependencies): void {
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
