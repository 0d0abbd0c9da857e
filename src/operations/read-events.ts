import {
  collect,
  type EventStore,
  type IndexEntry,
  type IndexReadOptions,
  InvalidArgumentError,
  type StoredEvent,
} from "../event-store/index.ts";
import type { OperationsContext } from "./context.ts";
import type { EventsPage, RelatedEvents } from "./contract.ts";

export interface EventsQuery {
  readonly aggregate?: string | undefined;
  readonly type?: string | undefined;
  readonly user?: string | undefined;
  /** The `before` of an earlier page. */
  readonly before?: string | undefined;
  /** Default 50. */
  readonly limit?: number | undefined;
}

/** The newest events of a service, of an aggregate, of a type or of a user, a page at a time. */
export async function readNewestEvents(context: OperationsContext, query: EventsQuery): Promise<EventsPage> {
  const { limit = DEFAULT_PAGE } = query;
  const sources = sourcesOf(context, query);
  const cursors = decodeBefore(query.before, sources);
  const read = async ([name, source]: readonly [string, Source]): Promise<Found[]> => {
    const entries = await collect(source({ direction: "backward", limit, cursor: cursors[name] }), (entry) => entry);
    return entries.map((entry) => ({ ...entry, source: name }));
  };
  const page = newestOf(await Promise.all([...sources].map(read)), limit);
  const next: Record<string, string> = { ...cursors };
  for (const { source, cursor } of page) next[source] = cursor;
  const isLast = page.length < limit;
  return {
    events: page.map(({ event }) => event),
    before: isLast ? undefined : Buffer.from(JSON.stringify(next)).toString("base64url"),
  };
}

type Source = (options: IndexReadOptions) => AsyncIterable<IndexEntry>;
type Found = IndexEntry & { readonly source: string };

/** One for each partition of an index that is read. */
function sourcesOf({ store, service }: OperationsContext, { aggregate, type, user }: EventsQuery): Map<string, Source> {
  if (user !== undefined) {
    if (aggregate !== undefined || type !== undefined)
      throw new InvalidArgumentError("user", user, "no aggregate and no type beside it");
    return new Map([["user", (options) => store.readEventsByUser(user, options)]]);
  }
  const aggregates = Object.values(service.aggregates).filter(
    ({ aggregateType, events }) =>
      (aggregate === undefined || aggregate === aggregateType) && (type === undefined || Object.hasOwn(events, type)),
  );
  if (aggregates.length === 0)
    throw new InvalidArgumentError("type", `${aggregate ?? ""} ${type ?? ""}`.trim(), "a declared aggregate and event");
  return new Map(
    aggregates.map(({ aggregateType }) => [
      aggregateType,
      (options: IndexReadOptions) => store.readEventsByType(aggregateType, type, options),
    ]),
  );
}

function decodeBefore(before: string | undefined, sources: ReadonlyMap<string, Source>): Record<string, string> {
  if (before === undefined) return {};
  try {
    const decoded: unknown = JSON.parse(Buffer.from(before, "base64url").toString("utf8"));
    const entries = Object.entries(Object(decoded) as object);
    if (entries.every(([name, cursor]) => sources.has(name) && typeof cursor === "string"))
      return Object.fromEntries(entries) as Record<string, string>;
  } catch {
    // Told below, like any other text that is no cursor.
  }
  throw new InvalidArgumentError("before", before, "the `before` of an earlier page of this query");
}

const DEFAULT_PAGE = 50;

/** The newest of all, each source in its own order, which its cursor goes by. */
function newestOf(sources: readonly (readonly Found[])[], limit: number): Found[] {
  const left = sources.map((entries) => [...entries]);
  const page: Found[] = [];
  while (page.length < limit) {
    const [first] = left.filter(([head]) => head).sort(([a], [b]) => compare(timeOf(b), timeOf(a)));
    const next = first?.shift();
    if (!next) break;
    page.push(next);
  }
  return page;
}

const timeOf = (found: Found | undefined): string => found?.event.eventTime ?? "";

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The events of one event's correlation, and those that caused or were caused by one of them, oldest first. No index
 * leads from a correlation to its events: those of an hour before and after are searched, the nearest 500 of each
 * aggregate type to either side.
 */
export async function readRelatedEvents(
  { store, service }: OperationsContext,
  entityId: string,
  sequenceNumber: number,
): Promise<RelatedEvents | undefined> {
  const [event] = (await store.getEvents(entityId, sequenceNumber, sequenceNumber)) as StoredEvent[];
  if (!event) return undefined;
  const time = Date.parse(event.eventTime);
  const from = new Date(time - HOUR).toISOString();
  const to = new Date(time + HOUR).toISOString();
  const types = Object.values(service.aggregates).map(({ aggregateType }) => aggregateType);
  const parts = await Promise.all(
    types.flatMap((type) => [
      around(store, type, { fromTime: event.eventTime, toTime: to, direction: "forward" }),
      around(store, type, { fromTime: from, toTime: event.eventTime, direction: "backward" }),
    ]),
  );
  const isComplete = parts.every(({ length }) => length < SEARCHED);
  const others = new Map(parts.flat().map((one) => [one.eventId, one]));
  others.delete(event.eventId);
  return { events: related(event, [...others.values()]).sort(oldestFirst), from, to, isComplete };
}

const around = (store: EventStore, type: string, range: IndexReadOptions): Promise<StoredEvent[]> =>
  collect(store.readEventsByType(type, undefined, { ...range, limit: SEARCHED }), ({ event }) => event);

function related(event: StoredEvent, among: readonly StoredEvent[]): StoredEvent[] {
  const found = new Set([event]);
  for (const one of found) {
    for (const other of among) {
      const isSame = other.correlationId === one.correlationId;
      if (isSame || other.causationId === one.eventId || one.causationId === other.eventId) found.add(other);
    }
  }
  return [...found];
}

const oldestFirst = (a: StoredEvent, b: StoredEvent): number =>
  compare(a.eventTime, b.eventTime) || compare(a.entityId, b.entityId) || a.sequenceNumber - b.sequenceNumber;

const HOUR = 3_600_000;
const SEARCHED = 500;
