import { z } from "@hono/zod-openapi";
import type { Projection } from "../definition/index.ts";
import {
  type OperationsContext,
  readEntity,
  readEntityState,
  readNewestEvents,
  readParked,
  readReaders,
  readRelatedEvents,
  readRows,
} from "../operations/index.ts";
import { NotFoundError } from "./problem.ts";
import { queryRoute } from "./query.ts";
import type { App } from "./request.ts";

/** What operators look at. */
export function addOperationsQueries(app: App, operations: OperationsContext): void {
  const get = <Query extends z.ZodObject>(
    path: string,
    { summary, query }: { readonly summary: string; readonly query: Query },
    answer: (query: z.output<Query>, id: string) => Promise<object>,
  ): void => {
    app.openapi(queryRoute(`/operations${path}`, summary, query), async (context) => {
      const given = context.req.valid("query" as never) as z.output<Query>;
      return context.json(await answer(given, context.req.param("id") ?? ""), 200) as never;
    });
  };

  get("/projections", { summary: "How far the readers of events are", query: none }, () => readReaders(operations));
  get("/events", { summary: "The newest events", query: eventsQuery }, (query) => readNewestEvents(operations, query));
  get("/events/related", { summary: "Events of one correlation", query: relatedQuery }, async (query) => {
    const { entityId, sequenceNumber } = query;
    return found(await readRelatedEvents(operations, entityId, sequenceNumber), `${entityId} #${sequenceNumber}`);
  });
  get("/entities/{id}", { summary: "An entity and where it is read", query: none }, async (_, id) =>
    found(await readEntity(operations, id), `entity ${id}`),
  );
  get("/entities/{id}/state", { summary: "An entity's state at a version", query: stateQuery }, async ({ at }, id) =>
    found(await readEntityState(operations, id, at), at === undefined ? `entity ${id}` : `version ${at} of ${id}`),
  );
  get("/projections/{id}/rows", { summary: "Rows of a read model", query: rowsQuery }, async (query, name) =>
    readRows(operations, findProjection(operations, name), query),
  );
  get("/parked", { summary: "Parked entities", query: parkedQuery }, ({ reader }) => readParked(operations, reader));
}

/** @throws {NotFoundError} */
export function findProjection({ service }: OperationsContext, name: string): Projection {
  return found(
    service.projections.find((one) => one.name === name),
    `projection ${name}`,
  );
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new NotFoundError(`there is no ${what}`);
  return value;
}

const text = z.string().min(1).max(1_024);
const number = z.coerce.number().int().min(1);
const limit = number.max(200).optional();

const none = z.strictObject({});

const eventsQuery = z.strictObject({
  aggregate: text.optional(),
  type: text.optional(),
  user: text.optional(),
  before: z.string().min(1).max(10_000).optional(),
  limit,
});

const relatedQuery = z.strictObject({ entityId: text, sequenceNumber: number });

const stateQuery = z.strictObject({ at: number.optional() });

const rowsQuery = z.strictObject({
  list: text.optional(),
  partition: text.optional(),
  cursor: z.string().min(1).max(5_000).optional(),
  order: z.enum(["ascending", "descending"]).optional(),
  limit,
});

const parkedQuery = z.strictObject({ reader: text.optional() });
