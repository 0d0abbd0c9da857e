import { createRoute, z } from "@hono/zod-openapi";
import {
  dropGeneration,
  type OperationsContext,
  resumeParked,
  verifyRows,
  workOnRebuild,
  workOnRollback,
} from "../operations/index.ts";
import { requireJson } from "./json-body.ts";
import { findProjection } from "./operations-queries.ts";
import type { App } from "./request.ts";
import { entityId, problemContent } from "./schemas.ts";

/** What operators do to read models and parked entities. */
export function addOperationsActions(app: App, operations: OperationsContext): void {
  const post = <Body extends z.ZodObject>(
    path: string,
    { summary, body }: { readonly summary: string; readonly body: Body },
    act: (body: z.output<Body>, id: string) => Promise<object>,
  ): void => {
    app.openapi(actionRoute(`/operations${path}`, summary, body), async (context) => {
      const given = context.req.valid("json" as never) as z.output<Body>;
      return context.json(await act(given, context.req.param("id") ?? ""), 200) as never;
    });
  };

  post("/projections/{id}/rebuild", { summary: "Build a new generation", body: nothing }, async (_, name) =>
    workOnRebuild(operations, findProjection(operations, name)),
  );
  post(
    "/projections/{id}/rollback",
    { summary: "Serve the generation before", body: rollbackBody },
    async (body, name) => workOnRollback(operations, findProjection(operations, name), body),
  );
  post("/projections/{id}/drop", { summary: "Remove a generation", body: dropBody }, async (body, name) =>
    dropGeneration(operations, findProjection(operations, name), body),
  );
  post("/projections/{id}/verify", { summary: "Recompute the rows", body: nothing }, async (_, name) =>
    verifyRows(operations, findProjection(operations, name)),
  );
  post("/parked/retry", { summary: "Try a parked entity again", body: parkedBody }, (body) =>
    resumeParked(operations, { ...body, skip: false }),
  );
  post("/parked/skip", { summary: "Pass its event by", body: parkedBody }, (body) =>
    resumeParked(operations, { ...body, skip: true }),
  );
}

function actionRoute(path: string, summary: string, schema: z.ZodObject) {
  return createRoute({
    method: "post",
    path,
    summary,
    middleware: requireJson,
    request: {
      body: { required: true, content: { "application/json": { schema } } },
      ...(path.includes("{id}") ? { params: z.object({ id: entityId }) } : {}),
    },
    responses: {
      200: { description: "Done, or so far", content: { "application/json": { schema: z.unknown() } } },
      400: { description: "Malformed", content: problemContent },
      403: { description: "Forbidden", content: problemContent },
      404: { description: "Unknown", content: problemContent },
      409: { description: "Not in its present state", content: problemContent },
    },
  });
}

const nothing = z.strictObject({});
const rollbackBody = z.strictObject({ catchUp: z.boolean().optional() });
const dropBody = z.strictObject({ generation: z.int().min(1), abandon: z.boolean().optional() });
const parkedBody = z.strictObject({ reader: z.string().min(1), entityId });
