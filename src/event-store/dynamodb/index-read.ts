import { type AttributeValue, BatchGetItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { CorruptItemError } from "../errors.ts";
import type { StoredEvent } from "../event.ts";
import type { EventKey, IndexEntry, IndexReadOptions } from "../event-store.ts";
import { upcast } from "../event-types.ts";
import { decodeIndexCursor, encodeIndexCursor, type IndexPosition } from "../index-position.ts";
import { checkIndexReadOptions, isWithin, orderOf } from "../read-options.ts";
import { endOf } from "../validate.ts";
import { EVENT, PAGE_ROWS } from "./attributes.ts";
import type { StoreContext } from "./context.ts";
import { decodeEvent, type Item } from "./event-codec.ts";
import { type IndexName, partitionsOf } from "./index-shards.ts";
import { mergePages } from "./merge-pages.ts";
import { readEvent } from "./read.ts";
import { untilProcessed, whileTransient } from "./retry.ts";

export interface IndexSelection {
  readonly index: IndexName;
  /** The aggregate type or the user. */
  readonly of: string;
  readonly eventType?: string | undefined;
}

/** Keys of one aggregate type or user by time, then entity, then sequence number. */
export async function* readIndexKeys(
  context: StoreContext,
  selection: IndexSelection,
  options: IndexReadOptions = {},
): AsyncGenerator<EventKey> {
  checkIndexReadOptions(options);
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  for await (const positions of readPositions(context, selection, options)) {
    for (const position of positions.slice(0, left)) yield { ...position, cursor: encodeIndexCursor(position) };
    left -= positions.length;
    if (left <= 0) return;
  }
}

/** Events of one aggregate type or user by time, then entity, then sequence number; lazily, a page at a time. */
export async function* readIndex(
  context: StoreContext,
  selection: IndexSelection,
  options: IndexReadOptions = {},
): AsyncGenerator<IndexEntry> {
  checkIndexReadOptions(options);
  // One stored under an older name may be read as another type, by its version.
  const isWanted = ({ eventType }: StoredEvent) => (selection.eventType ?? eventType) === eventType;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  for await (const positions of readPositions(context, selection, options)) {
    for (let start = 0, size = 0; start < positions.length; start += size) {
      size = Math.min(BATCH, left);
      const batch = positions.slice(start, start + size);
      const fetched = await fetchBatch(context, batch);
      for (const position of batch) {
        const event = upcast(context.eventTypes, await findEvent(context, fetched, position));
        if (!isWanted(event)) continue;
        yield { event, cursor: encodeIndexCursor(position) };
        left -= 1;
      }
      if (left <= 0) return;
    }
  }
}

/** Entries of every shard of a selection, in one order: the order does not tell how many shards there are. */
async function* readPositions(
  context: StoreContext,
  { index, of, eventType }: IndexSelection,
  options: IndexReadOptions,
): AsyncGenerator<IndexPosition[]> {
  const { attribute, values } = partitionsOf(index, of, context.indexShards);
  const eventTypes = eventType === undefined ? undefined : context.eventTypes.storedAs(of, eventType);
  const shards = values.map((value) => readPartition(context, { index, attribute, value, eventTypes }, options));
  yield* mergePages(shards, orderOf(options));
}

/**
 * Entries of one index partition in order. The index leaves the order among equal times open, so entries
 * of one time are held back until the next time is seen, across pages.
 */
async function* readPartition(
  context: StoreContext,
  partition: Partition,
  options: IndexReadOptions,
): AsyncGenerator<IndexPosition[]> {
  const { from, to } = spanOf(options);
  if (from > to) return;
  const after = options.cursor === undefined ? undefined : decodeIndexCursor(options.cursor);
  const compare = orderOf(options);
  const isBackward = options.direction === "backward";
  let limit = pageSize(options.limit, partition.eventTypes !== undefined);
  let held: IndexPosition[] = [];
  let start: Item | undefined;
  do {
    const query = indexQuery(context, partition, { from, to, limit, isBackward, start });
    const answer = await whileTransient(context.requestAttempts, () => context.client.send(query));
    start = answer.LastEvaluatedKey;
    const found = (answer.Items ?? []).map(positionOf).filter((position) => isWithin(position, options));
    const positions = [...held, ...found].sort(compare);
    const lastTime = start ? positions.at(-1)?.eventTime : undefined;
    held = positions.filter((position) => position.eventTime === lastTime);
    const ready = positions.filter((position) => position.eventTime !== lastTime);
    const fresh = after ? ready.filter((position) => compare(position, after) > 0) : ready;
    limit = nextSize(limit, fresh.length);
    yield fresh;
  } while (start);
}

/** The times to ask the index for: from the cursor on, in the direction of the read, within the given ones. */
function spanOf({ cursor, fromTime, toTime, direction }: IndexReadOptions): { from: string; to: string } {
  const after = cursor === undefined ? undefined : decodeIndexCursor(cursor).eventTime;
  const from = fromTime === undefined ? FIRST_TIME : secondOf(Date.parse(fromTime));
  const to = toTime === undefined ? LAST_TIME : `${secondOf(endOf(toTime))}~`;
  if (after === undefined) return { from, to };
  return direction === "backward" ? { from, to: after } : { from: after, to };
}

/**
 * One more than is wanted, since the last time of a page is held back. A filter would make small pages
 * of mostly nothing, and DynamoDB's own pages end at 1 MB. Half a capacity unit reads some 25 keys.
 */
const pageSize = (limit: number | undefined, isFiltered: boolean): number | undefined =>
  limit === undefined || isFiltered ? undefined : Math.min(Math.max(limit + 1, 25), MAX_PAGE);

interface PageRequest {
  readonly from: string;
  readonly to: string;
  readonly limit: number | undefined;
  readonly isBackward: boolean;
  readonly start: Item | undefined;
}

function indexQuery(
  context: StoreContext,
  partition: Partition,
  { from, to, limit, isBackward, start }: PageRequest,
): QueryCommand {
  const { index, attribute, value, eventTypes } = partition;
  const byType = eventTypes ? { "#eventType": EVENT.eventType } : {};
  const wanted = Object.fromEntries((eventTypes ?? []).map((type, n) => [`:type${n}`, { S: type }]));
  return new QueryCommand({
    TableName: context.eventTable,
    IndexName: index,
    KeyConditionExpression: "#partition = :partition AND #eventTime BETWEEN :from AND :to",
    ExpressionAttributeNames: { "#partition": attribute, "#eventTime": EVENT.eventTime, ...byType },
    ExpressionAttributeValues: {
      ":partition": { S: value },
      ":from": { S: from },
      ":to": { S: to },
      ...wanted,
    },
    ...(eventTypes ? { FilterExpression: `#eventType IN (${Object.keys(wanted).join(", ")})` } : {}),
    Limit: limit ?? PAGE_ROWS,
    ...(isBackward ? { ScanIndexForward: false } : {}),
    ...(start ? { ExclusiveStartKey: start } : {}),
  });
}

function positionOf(item: Record<string, AttributeValue>): IndexPosition {
  return {
    eventTime: item[EVENT.eventTime]?.S ?? "",
    entityId: item[EVENT.entityId]?.S ?? "",
    sequenceNumber: Number(item[EVENT.sequenceNumber]?.N),
  };
}

const MAX_PAGE = 1_000;

/** A page of which everything is held back tells nothing: the next one is twice as large. */
const nextSize = (size: number | undefined, ready: number): number | undefined =>
  size === undefined || ready > 0 ? size : Math.min(size * 2, MAX_PAGE);

/** DynamoDB's limit of keys in one BatchGetItem. */
const BATCH = 100;

/** One partition of an index, and what is wanted of it. */
interface Partition {
  readonly index: IndexName;
  readonly attribute: string;
  readonly value: string;
  /** The types under which the wanted events are stored; undefined: all. */
  readonly eventTypes: readonly string[] | undefined;
}

/** Sorts before and after every ISO 8601 time. */
const FIRST_TIME = "0";
const LAST_TIME = "9999-12-31T23:59:59.999Z~";

/** Milliseconds since 1970 of the first and the last time that is written with four digits of the year. */
const FIRST_MS = Date.parse("0000-01-01T00:00:00.000Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** Older writers may have left the milliseconds out or written more digits: the index is queried by whole seconds. */
const secondOf = (milliseconds: number): string =>
  new Date(Math.min(LAST_MS, Math.max(FIRST_MS, milliseconds))).toISOString().slice(0, "2026-01-31T12:00:00".length);

async function fetchBatch(
  context: StoreContext,
  positions: readonly IndexPosition[],
): Promise<Map<string, StoredEvent>> {
  const events = new Map<string, StoredEvent>();
  const all: Item[] = positions.map(({ entityId, sequenceNumber }) => ({
    [EVENT.entityId]: { S: entityId },
    [EVENT.sequenceNumber]: { N: String(sequenceNumber) },
  }));
  await untilProcessed(context.requestAttempts, all, async (keys) => {
    const answer = await context.client.send(
      new BatchGetItemCommand({ RequestItems: { [context.eventTable]: { Keys: keys } } }),
    );
    for (const item of answer.Responses?.[context.eventTable] ?? []) {
      const event = decodeEvent(item);
      events.set(keyText(event.entityId, event.sequenceNumber), event);
    }
    return answer.UnprocessedKeys?.[context.eventTable]?.Keys ?? [];
  });
  return events;
}

async function findEvent(
  context: StoreContext,
  fetched: ReadonlyMap<string, StoredEvent>,
  { entityId, sequenceNumber }: IndexPosition,
): Promise<StoredEvent> {
  const event = fetched.get(keyText(entityId, sequenceNumber)) ?? (await readEvent(context, entityId, sequenceNumber));
  if (!event)
    throw new CorruptItemError(`${entityId} #${sequenceNumber}`, "item", "in the table though it is in the index");
  return event;
}

const keyText = (entityId: string, sequenceNumber: number): string => `${sequenceNumber} ${entityId}`;
