import { z } from "@hono/zod-openapi";
import type { ServiceDefinition } from "../definition/index.ts";
import { InvalidArgumentError } from "../event-store/index.ts";
import { createBareApp } from "./bare-app.ts";
import { addCommands } from "./commands.ts";
import type { HttpDependencies } from "./dependencies.ts";
import { addEntityQueries, ENTITY_PATHS } from "./entity-queries.ts";
import { type Query, queryRoute } from "./query.ts";
import type { App } from "./request.ts";

/** The API of a service: one Request in, one Response out. Its commands come from the declaration, its queries are given. */
export function createApp(service: ServiceDefinition, queries: readonly Query[], dependencies: HttpDependencies): App {
  const app = createBareApp(dependencies);
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

/** @throws {InvalidArgumentError} for a path twice: the second query would never answer */
function checkPaths(queries: readonly Query[]): void {
  const paths = new Set(["/projections", "/openapi.json", ...ENTITY_PATHS]);
  for (const { path } of queries) {
    if (paths.has(path)) throw new InvalidArgumentError("queries", path, "another path: there is a query of this one");
    paths.add(path);
  }
}
