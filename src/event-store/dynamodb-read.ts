import { type AttributeValue, GetItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { type CommandLog, EMPTY_COMMAND_LOG, REMEMBERED_COMMANDS, recordCommand } from "./command-log.ts";
import { EVENT } from "./dynamodb-attributes.ts";
import type { StoreContext } from "./dynamodb-context.ts";
import { decodeEvent } from "./dynamodb-event-codec.ts";
import { whileTransient } from "./dynamodb-retry.ts";
import type { KnownEntity } from "./entity-memory.ts";
import { CorruptEntityError } from "./errors.ts";
import type { StoredEvent } from "./event.ts";
import type { ReadOptions } from "./event-store.ts";
import { upcast } from "./event-types.ts";

/** An entity at its head: nothing at all when no event of it exists. */
export type EntityHead = KnownEntity | NewEntity;

interface NewEntity {
  readonly version: 0;
  readonly aggregateType?: undefined;
  readonly eventTime?: undefined;
  readonly commands: CommandLog;
}

export const NEW_ENTITY: NewEntity = { version: 0, commands: EMPTY_COMMAND_LOG };

interface Page {
  readonly events: StoredEvent[];
  readonly next: Record<string, AttributeValue> | undefined;
}

const HIGHEST = Number.MAX_SAFE_INTEGER;

async function queryPage(
  context: StoreContext,
  entityId: string,
  options: ReadOptions,
  start: Page["next"],
  limit: number | undefined,
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
    ...(limit === undefined ? {} : { Limit: limit }),
  });
  const answer = await whileTransient(context.requestAttempts, () => context.client.send(command));
  return { events: (answer.Items ?? []).map(decodeEvent), next: answer.LastEvaluatedKey };
}

/** Each event must be the neighbour of the one before it. */
function checkNeighbours(events: readonly StoredEvent[], before: number | undefined, step: 1 | -1): void {
  let previous = before;
  for (const event of events) {
    if (previous !== undefined && event.sequenceNumber !== previous + step) {
      throw new CorruptEntityError(event.entityId, previous + step, event.sequenceNumber);
    }
    previous = event.sequenceNumber;
  }
}

/** Pages until the range ends or the limit is reached. */
async function* queryPages(context: StoreContext, entityId: string, options: ReadOptions): AsyncGenerator<Page> {
  let left = options.limit;
  let start: Page["next"];
  do {
    const page = await queryPage(context, entityId, options, start, left);
    yield page;
    if (left !== undefined) left -= page.events.length;
    start = page.next;
  } while (start && (left === undefined || left > 0));
}

/**
 * Pages of one entity's events as they stand in the table (before upcasting), checked for holes.
 * What is read to the head is told to the memory.
 */
export async function* readPages(
  context: StoreContext,
  entityId: string,
  options: ReadOptions,
): AsyncGenerator<readonly StoredEvent[]> {
  const isBackward = options.direction === "backward";
  const from = options.fromSequence ?? 1;
  if (from > (options.toSequence ?? HIGHEST)) return;
  let previous: number | undefined = isBackward ? undefined : from - 1;
  for await (const { events, next } of queryPages(context, entityId, options)) {
    checkNeighbours(events, previous, isBackward ? -1 : 1);
    context.memory.see(isBackward ? events.toReversed() : events);
    previous = events.at(-1)?.sequenceNumber ?? previous;
    if (isBackward && next === undefined) checkStart(entityId, from, previous);
    if (events.length > 0) yield events;
  }
}

/** Read backward to the end, the last event must be the one that the range starts with. */
function checkStart(entityId: string, from: number, last: number | undefined): void {
  if (last !== undefined && last !== from) throw new CorruptEntityError(entityId, from, last);
}

export async function* readEvents(
  context: StoreContext,
  entityId: string,
  options: ReadOptions = {},
): AsyncGenerator<StoredEvent> {
  for await (const page of readPages(context, entityId, options)) {
    for (const event of page) yield upcast(context.eventTypes, event);
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

/** The entity's last event as its head, strongly consistent; the command log is not complete. */
export async function readHead(context: StoreContext, entityId: string): Promise<EntityHead> {
  for await (const [last] of readPages(context, entityId, { direction: "backward", limit: 1 })) {
    if (last) return headAt(last, { records: [], complete: last.sequenceNumber === 1 });
  }
  return NEW_ENTITY;
}

export function headAt(event: StoredEvent, before: CommandLog): KnownEntity {
  const { sequenceNumber, aggregateType, eventTime } = event;
  return { version: sequenceNumber, aggregateType, eventTime, commands: recordCommand(before, event) };
}

/** The entity's head with its last commands: reads backward until all that are remembered are seen. */
export async function readHeadWithCommands(context: StoreContext, entityId: string): Promise<EntityHead> {
  const events: StoredEvent[] = [];
  const ids = new Set<string>();
  for await (const page of readPages(context, entityId, { direction: "backward" })) {
    for (const event of page) {
      if (event.commandId !== undefined) ids.add(event.commandId);
      if (ids.size > REMEMBERED_COMMANDS) break;
      events.unshift(event);
    }
    if (ids.size > REMEMBERED_COMMANDS) break;
  }
  const last = events.at(-1);
  if (!last) return NEW_ENTITY;
  const { version, aggregateType, eventTime } = headAt(last, EMPTY_COMMAND_LOG);
  const head = { version, aggregateType, eventTime, commands: events.reduce(recordCommand, EMPTY_COMMAND_LOG) };
  context.memory.learn(entityId, head);
  return head;
}
