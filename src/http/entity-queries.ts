import { z } from "@hono/zod-openapi";
import type { ServiceDefinition } from "../definition/index.ts";
import type { StoredEvent } from "../event-store/index.ts";
import { MAX_PAGE_BYTES } from "../projector/index.ts";
import { envelopeOf } from "../publisher/index.ts";
import type { HttpDependencies } from "./dependencies.ts";
import { NotFoundError } from "./problem.ts";
import { queryRoute } from "./query.ts";
import type { App } from "./request.ts";

/** The queries that every service has: what is stored of an entity, as it is and as it is published. */
export function addEntityQueries(
  app: App,
  { publicEvents }: Pick<ServiceDefinition, "publicEvents">,
  { store, publishUserId }: HttpDependencies,
): void {
  app.openapi(queryRoute(EVENTS, "Events of an entity", eventsQuery), async (context) => {
    const id = context.req.param("id") ?? "";
    const { from, events, readUpTo, nextFrom } = await readPart(
      store,
      id,
      context.req.valid("query" as never) as Range,
    );
    if (readUpTo < from && from === 1) throw new NotFoundError(`there is no entity ${id}`);
    return context.json({ events, ...(readUpTo < from ? {} : nextFrom) }, 200) as never;
  });
  const published = queryRoute(PUBLISHED, "Events of an entity as they are on the bus", eventsQuery);
  app.openapi(published, async (context) => {
    const id = context.req.param("id") ?? "";
    const { events, readUpTo, nextFrom } = await readPart(store, id, context.req.valid("query" as never) as Range);
    const shown = events.flatMap((event) => envelopeOf(event, { publicEvents, publishUserId }) ?? []);
    return context.json({ events: shown, readUpTo, ...nextFrom }, 200) as never;
  });
  const snapshots = queryRoute(SNAPSHOTS, "Latest snapshot of an entity", z.strictObject({}));
  app.openapi(snapshots, async (context) => {
    const id = context.req.param("id") ?? "";
    const snapshot = await store.getLatestSnapshot(id);
    if (!snapshot) throw new NotFoundError(`there is no snapshot of ${id}`);
    const { commands: _, previous: __, ...shown } = snapshot;
    return context.json(shown, 200) as never;
  });
}

const version = z.coerce.number().int().min(1);

export const eventsQuery = z.strictObject({
  from: version.optional(),
  to: version.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
});

type Range = z.output<typeof eventsQuery>;

const DEFAULT_EVENTS = 100;

/** Events from one number on, as many as are asked for and fit into an answer. */
async function readPart(store: HttpDependencies["store"], id: string, { from = 1, to, limit = DEFAULT_EVENTS }: Range) {
  const range = { fromSequence: from, toSequence: to, limit };
  const { events, isCut } = await eventsThatFit(store.readEvents(id, range));
  const readUpTo = events.at(-1)?.sequenceNumber ?? from - 1;
  const hasMore = readUpTo !== to && (isCut || events.length === limit);
  return { from, events, readUpTo, nextFrom: hasMore ? { nextFrom: readUpTo + 1 } : {} };
}

/** Events until they come to more bytes of JSON than an answer may have; the first one in any case. */
async function eventsThatFit(source: AsyncIterable<StoredEvent>) {
  const events: StoredEvent[] = [];
  let bytes = 0;
  for await (const event of source) {
    bytes += Buffer.byteLength(JSON.stringify(event));
    if (events.length > 0 && bytes > MAX_PAGE_BYTES) return { events, isCut: true };
    events.push(event);
  }
  return { events, isCut: false };
}

const EVENTS = "/entities/{id}/events";
const PUBLISHED = "/entities/{id}/published";
const SNAPSHOTS = "/entities/{id}/snapshots";

export const ENTITY_PATHS: readonly string[] = [EVENTS, PUBLISHED, SNAPSHOTS];
