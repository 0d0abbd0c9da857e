import { createRoute, z } from "@hono/zod-openapi";
import { isWellFormed, MAX_PARTITION_KEY_BYTES, type StoredEvent, sortKeys } from "../event-store/index.ts";
import { MAX_PAGE_BYTES } from "../projector/dynamodb/index.ts";
import { envelopeOf } from "../publisher/index.ts";
import { mayReadActivity } from "./access.ts";
import type { HttpDependencies } from "./dependencies.ts";
import { BehindError, ForbiddenError, NotFoundError, problemSchema } from "./problem.ts";
import { type App, etagOf, identityOf } from "./request.ts";

const limit = z.coerce.number().int().min(1).max(200).optional();
const cursor = z.string().min(1).max(5_000).optional();
const page = z.strictObject({ limit, cursor });
const atLeastVersion = z.coerce.number().int().min(1).optional();
const version = z.coerce.number().int().min(1);

export const catalogQuery = z.strictObject({
  category: z.string().min(1).max(128).optional(),
  status: z.enum(["active", "discontinued"]).optional(),
  sort: z.enum(["name", "-name", "price", "-price"]).optional(),
  limit,
  cursor,
});

export const eventsQuery = z.strictObject({
  from: version.optional(),
  to: version.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
});

const anyJson = { "application/json": { schema: z.unknown() } };
const problemContent = { "application/problem+json": { schema: problemSchema } };
const responses = {
  200: { description: "Found", content: anyJson },
  400: { description: "Malformed", content: problemContent },
  404: { description: "Unknown", content: problemContent },
  403: { description: "Not for who asks", content: problemContent },
  409: { description: "The read model is behind the version that was asked for: ask again", content: problemContent },
  503: { description: "Not available", content: problemContent },
};
/** As long as a key of the tables may be, in bytes. */
const id = z
  .string()
  .min(1)
  .refine(
    (text) => isWellFormed(text) && Buffer.byteLength(text) <= MAX_PARTITION_KEY_BYTES,
    `expected well-formed text of at most ${MAX_PARTITION_KEY_BYTES} bytes`,
  );
const withId = z.object({ id });

function queryRoute<Query extends z.ZodObject, Params extends z.ZodObject>(
  path: string,
  summary: string,
  request: { query: Query; params: Params },
) {
  return createRoute({ method: "get", path, summary, request, responses });
}

/** Maps come out of the table in any order of their keys; equal answers must have equal tags. */
const inOrder = <T>(answer: T): T => JSON.parse(JSON.stringify(answer, sortKeys)) as T;

const LOOKS = 20;
const LOOK_EVERY_MS = 100;

/** Reading your own write: waits, bounded, until the read model has reached the version. */
async function waitForVersion(
  { pause }: HttpDependencies,
  versionNow: () => Promise<number>,
  wanted: number | undefined,
): Promise<void> {
  if (wanted === undefined) return;
  let reached = await versionNow();
  for (let look = 0; reached < wanted && look < LOOKS; look += 1) {
    await pause(LOOK_EVERY_MS);
    reached = await versionNow();
  }
  if (reached < wanted) throw new BehindError(reached, wanted);
}

function addProductQueries(app: App, dependencies: HttpDependencies): void {
  const { queries } = dependencies;
  const noParams = z.object({});
  app.openapi(queryRoute("/products", "Products", { query: catalogQuery, params: noParams }), async (context) =>
    context.json(inOrder(await queries.products(context.req.valid("query"))), 200),
  );
  const one = { query: z.strictObject({ atLeastVersion }), params: withId };
  app.openapi(queryRoute("/products/{id}", "One product", one), async (context) => {
    const { id } = context.req.valid("param");
    const { atLeastVersion: wanted } = context.req.valid("query");
    await waitForVersion(dependencies, () => queries.productVersion(id), wanted);
    const found = await queries.product(id, wanted);
    if (!found) throw new NotFoundError(`there is no product ${id}`);
    context.header("ETag", etagOf(found.version));
    return context.json(inOrder({ ...found.row, version: found.version }), 200);
  });
  const history = {
    query: page.extend({ atLeastVersion, order: z.enum(["ascending", "descending"]).optional() }),
    params: withId,
  };
  app.openapi(queryRoute("/products/{id}/price-history", "Prices of a product", history), async (context) => {
    const { id } = context.req.valid("param");
    const { atLeastVersion: wanted, ...request } = context.req.valid("query");
    await waitForVersion(dependencies, () => queries.priceHistoryVersion(id), wanted);
    const found = await queries.priceHistory(id, request);
    if (found.rows.length === 0 && request.cursor === undefined) throw new NotFoundError(`there is no product ${id}`);
    return context.json(inOrder(found), 200);
  });
}

const DEFAULT_EVENTS = 100;

/** Events until they come to more bytes of JSON than an answer may have; the first one in any case. */
async function eventsThatFit(
  source: AsyncIterable<StoredEvent>,
): Promise<{ readonly events: readonly StoredEvent[]; readonly isCut: boolean }> {
  const events: StoredEvent[] = [];
  let bytes = 0;
  for await (const event of source) {
    bytes += Buffer.byteLength(JSON.stringify(event));
    if (events.length > 0 && bytes > MAX_PAGE_BYTES) return { events, isCut: true };
    events.push(event);
  }
  return { events, isCut: false };
}

function addEntityQueries(app: App, { store, publishing = {} }: HttpDependencies): void {
  const route = queryRoute("/entities/{id}/events", "Events of an entity", { query: eventsQuery, params: withId });
  app.openapi(route, async (context) => {
    const { id } = context.req.valid("param");
    const { from = 1, to, limit: most = DEFAULT_EVENTS } = context.req.valid("query");
    const { events, isCut } = await eventsThatFit(
      store.readEvents(id, { fromSequence: from, toSequence: to, limit: most }),
    );
    if (events.length === 0 && from === 1) throw new NotFoundError(`there is no entity ${id}`);
    const last = events.at(-1)?.sequenceNumber;
    const hasMore = last !== undefined && last !== to && (isCut || events.length === most);
    return context.json({ events, ...(hasMore ? { nextFrom: last + 1 } : {}) }, 200);
  });
  const published = queryRoute("/entities/{id}/published", "Events of an entity as they are on the bus", {
    query: eventsQuery,
    params: withId,
  });
  app.openapi(published, async (context) => {
    const { id } = context.req.valid("param");
    const { from = 1, to, limit: most = DEFAULT_EVENTS } = context.req.valid("query");
    const { events, isCut } = await eventsThatFit(
      store.readEvents(id, { fromSequence: from, toSequence: to, limit: most }),
    );
    const readUpTo = events.at(-1)?.sequenceNumber ?? from - 1;
    const hasMore = readUpTo !== to && (isCut || events.length === most);
    const shown = events.flatMap((event) => envelopeOf(event, publishing) ?? []);
    return context.json({ events: shown, readUpTo, ...(hasMore ? { nextFrom: readUpTo + 1 } : {}) }, 200);
  });
  const snapshots = queryRoute("/entities/{id}/snapshots", "Latest snapshot of an entity", {
    query: z.strictObject({}),
    params: withId,
  });
  app.openapi(snapshots, async (context) => {
    const { id } = context.req.valid("param");
    const snapshot = await store.getLatestSnapshot(id);
    if (!snapshot) throw new NotFoundError(`there is no snapshot of ${id}`);
    const { commands: _, previous: __, ...shown } = snapshot;
    return context.json(shown, 200);
  });
}

export function addQueries(app: App, dependencies: HttpDependencies): void {
  const { queries } = dependencies;
  const plain = { query: z.strictObject({}), params: z.object({}) };
  addProductQueries(app, dependencies);
  addEntityQueries(app, dependencies);
  const tree = {
    query: z.strictObject({
      root: z.string().min(1).max(1_000).optional().openapi({ description: "Only this category and what is below it" }),
      limit: z.coerce.number().int().min(1).max(1_000).optional(),
      cursor,
    }),
    params: z.object({}),
  };
  app.openapi(queryRoute("/categories", "The tree of categories, a page at a time", tree), async (context) =>
    context.json(inOrder(await queries.categories(context.req.valid("query"))), 200),
  );
  const activity = queryRoute("/users/{id}/activity", "What a user did", { query: page, params: withId });
  app.openapi(activity, async (context) => {
    const { id: userId } = context.req.valid("param");
    if (!mayReadActivity(identityOf(context, dependencies), userId))
      throw new ForbiddenError("what a user did is told to that user, and to who may read all");
    return context.json(inOrder(await queries.activity(userId, context.req.valid("query"))), 200);
  });
  app.openapi(queryRoute("/projections", "How far the read models are", plain), async (context) =>
    context.json({ projections: await queries.projections() }, 200),
  );
}
