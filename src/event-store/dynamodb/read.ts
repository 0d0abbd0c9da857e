import { type AttributeValue, GetItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { recordCommand } from "../command-log.ts";
import { headAt } from "../entity-head.ts";
import { CorruptEntityError } from "../errors.ts";
import type { StoredEvent } from "../event.ts";
import type { ReadOptions } from "../event-store.ts";
import { upcast } from "../event-types.ts";
import { asError } from "../thrown.ts";
import { EVENT, PAGE_ROWS } from "./attributes.ts";
import type { StoreContext } from "./context.ts";
import { decodeEvent, type Item } from "./event-codec.ts";
import { whileTransient } from "./retry.ts";

export async function* readEvents(
  context: StoreContext,
  entityId: string,
  options: ReadOptions = {},
): AsyncGenerator<StoredEvent> {
  for await (const page of readPages(context, entityId, options)) {
    for (const event of page) yield upcast(context.eventTypes, event);
  }
}

/**
 * Pages of one entity's events as they stand in the table (before upcasting), checked for holes.
 * A read that reaches the head updates the head cache.
 */
export async function* readPages(
  context: StoreContext,
  entityId: string,
  options: ReadOptions,
): AsyncGenerator<readonly StoredEvent[]> {
  if ((options.fromSequence ?? 1) > (options.toSequence ?? HIGHEST)) return;
  yield* options.direction === "backward"
    ? readBackward(context, entityId, options)
    : readForward(context, entityId, options);
}

async function* readBackward(
  context: StoreContext,
  entityId: string,
  options: ReadOptions,
): AsyncGenerator<readonly StoredEvent[]> {
  const { toSequence } = options;
  let isFirst = true;
  for await (const { events } of queryPages(context, entityId, options)) {
    const [head] = events;
    if (isFirst && head && toSequence !== undefined)
      await checkEnd(context, entityId, { last: head.sequenceNumber, bound: toSequence });
    if (isFirst && head && toSequence === undefined) {
      const oldest = events.at(-1)?.sequenceNumber ?? head.sequenceNumber;
      const log = events
        .toReversed()
        .slice(0, -1)
        .reduce(recordCommand, context.heads.commandsBefore(entityId, oldest));
      context.heads.set(entityId, headAt(head, log));
    }
    isFirst = false;
    if (events.length > 0) yield events;
  }
}

async function* readForward(
  context: StoreContext,
  entityId: string,
  options: ReadOptions,
): AsyncGenerator<readonly StoredEvent[]> {
  const { fromSequence: from = 1, toSequence } = options;
  let log = context.heads.commandsBefore(entityId, from);
  let last: StoredEvent | undefined;
  for await (const { events, next } of queryPages(context, entityId, options)) {
    const head = events.at(-1);
    log = events.slice(0, -1).reduce(recordCommand, last ? recordCommand(log, last) : log);
    last = head ?? last;
    if (next === undefined && toSequence === undefined && last) context.heads.set(entityId, headAt(last, log));
    if (next === undefined && toSequence !== undefined) {
      await checkEnd(context, entityId, { last: last?.sequenceNumber ?? from - 1, bound: toSequence });
    }
    if (events.length > 0) yield events;
  }
}

/** Stands for more that is not read: the head is not reached. */
const NOT_READ = {};

/** Pages until the range ends or the limit is reached. */
async function* queryPages(context: StoreContext, entityId: string, options: ReadOptions): AsyncGenerator<Page> {
  let left = options.limit;
  let start: Page["next"];
  let before = options.direction === "backward" ? undefined : (options.fromSequence ?? 1) - 1;
  do {
    const page = await queryWholePage(context, entityId, options, { start, limit: left, before });
    yield page.broken ? { events: page.events, next: NOT_READ } : page;
    if (page.broken) throw page.broken;
    if (left !== undefined) left -= page.events.length;
    before = page.events.at(-1)?.sequenceNumber ?? before;
    start = page.next;
  } while (start && (left === undefined || left > 0));
}

/** A page checked for holes. `before`: the sequence number that its first event follows; undefined: any. */
async function queryWholePage(
  context: StoreContext,
  entityId: string,
  options: ReadOptions,
  { start, limit, before }: { start: Page["next"]; limit: number | undefined; before: number | undefined },
): Promise<Page> {
  for (let look = 1; ; look += 1) {
    const consistent = look > 1 || options.consistent;
    const page = await queryPage(context, entityId, { options: { ...options, consistent }, start, limit });
    const hole = findHoleIn(page, options, before);
    if (!hole) return page;
    if (look < READS_OF_A_HOLE) continue;
    const place = page.events.findIndex(({ sequenceNumber }) => sequenceNumber === hole.found);
    const events = place < 0 ? page.events : page.events.slice(0, place);
    return { events, next: undefined, broken: new CorruptEntityError(entityId, hole.expected, hole.found) };
  }
}

/** Reads a page again before a gap in it is reported: a query may see part of a transaction that is being committed. */
const READS_OF_A_HOLE = 4;

interface Hole {
  readonly expected: number;
  readonly found: number;
}

/** A hole within a page, before it, or, read backward to the end of the range, behind it. */
function findHoleIn(page: Page, options: ReadOptions, before: number | undefined): Hole | undefined {
  const isBackward = options.direction === "backward";
  const within = findHole(page.events, before, isBackward ? -1 : 1);
  if (within || !isBackward || page.next !== undefined || page.broken) return within;
  const first = options.fromSequence ?? 1;
  const last = page.events.at(-1)?.sequenceNumber ?? before;
  return last !== undefined && last > first ? { expected: last - 1, found: first - 1 } : undefined;
}

/** The first place where an event is not the neighbour of the one before it. */
function findHole(events: readonly StoredEvent[], before: number | undefined, step: 1 | -1): Hole | undefined {
  let previous = before;
  for (const { sequenceNumber } of events) {
    if (previous !== undefined && sequenceNumber !== previous + step)
      return { expected: previous + step, found: sequenceNumber };
    previous = sequenceNumber;
  }
  return undefined;
}

/** A range that ends before its upper bound must end at the head. */
async function checkEnd(
  context: StoreContext,
  entityId: string,
  { last, bound }: { readonly last: number; readonly bound: number },
): Promise<void> {
  if (last >= bound) return;
  const { events } = await queryPage(context, entityId, {
    options: { fromSequence: last + 1 },
    start: undefined,
    limit: 1,
  });
  const next = events[0]?.sequenceNumber;
  if (next !== undefined && next > last + 1) throw new CorruptEntityError(entityId, last + 1, next);
}

async function queryPage(
  context: StoreContext,
  entityId: string,
  {
    options,
    start,
    limit,
  }: { readonly options: ReadOptions; readonly start: Page["next"]; readonly limit: number | undefined },
): Promise<Page> {
  const command = new QueryCommand({
    TableName: context.eventTable,
    KeyConditionExpression: "#entityId = :entityId AND #sequenceNumber BETWEEN :from AND :to",
    ExpressionAttributeNames: { "#entityId": EVENT.entityId, "#sequenceNumber": EVENT.sequenceNumber },
    ExpressionAttributeValues: {
      ":entityId": { S: entityId },
      ":from": { N: String(options.fromSequence ?? 1) },
      ":to": { N: String(options.toSequence ?? HIGHEST) },
    },
    ScanIndexForward: options.direction !== "backward",
    ConsistentRead: options.consistent ?? true,
    ...(start ? { ExclusiveStartKey: start } : {}),
    Limit: limit ?? PAGE_ROWS,
  });
  const answer = await whileTransient(context.requestAttempts, () => context.client.send(command));
  return { ...decodeAll(answer.Items ?? []), next: answer.LastEvaluatedKey };
}

interface Page {
  readonly events: StoredEvent[];
  readonly next: Record<string, AttributeValue> | undefined;
  /** What is wrong with the item behind `events`. */
  readonly broken?: Error;
}

const HIGHEST = Number.MAX_SAFE_INTEGER;

/** The events up to the first item that cannot be decoded. */
function decodeAll(items: readonly Item[]): Pick<Page, "events" | "broken"> {
  const events: StoredEvent[] = [];
  try {
    for (const item of items) events.push(decodeEvent(item));
    return { events };
  } catch (error) {
    return { events, broken: asError(error) };
  }
}

/** One event by its key, strongly consistent, as it stands in the table. */
export async function readEvent(
  context: StoreContext,
  entityId: string,
  sequenceNumber: number,
): Promise<StoredEvent | undefined> {
  const command = new GetItemCommand({
    TableName: context.eventTable,
    Key: { [EVENT.entityId]: { S: entityId }, [EVENT.sequenceNumber]: { N: String(sequenceNumber) } },
    ConsistentRead: true,
  });
  const { Item } = await whileTransient(context.requestAttempts, () => context.client.send(command));
  return Item && decodeEvent(Item);
}
