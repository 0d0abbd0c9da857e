import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { EMPTY_COMMAND_LOG } from "../command-log.ts";
import { contentHash } from "../content-hash.ts";
import type { EntityHead } from "../entity-head.ts";
import { AggregateTypeError, InvalidArgumentError, TooLargeError } from "../errors.ts";
import type { StoredEvent } from "../event.ts";
import type { AppendRequest } from "../event-store.ts";
import { checkSchema, currentVersion, schemaOf } from "../event-types.ts";
import { deepFreeze, type JsonObject, toJsonObject } from "../json.ts";
import { checkAppend, MAX_EVENTS_PER_APPEND } from "../validate.ts";
import type { StoreContext } from "./context.ts";
import { encodeEventWith, type Item } from "./event-codec.ts";
import { shardAttributes } from "./index-shards.ts";
import { checkItemSize, MAX_TRANSACTION_BYTES } from "./item-size.ts";
import { encodePayload } from "./payload.ts";

/** An append that was checked and has its ids: what is sent again is the same to the letter. */
export interface PreparedAppend {
  readonly request: AppendRequest;
  readonly events: readonly PreparedEvent[];
  readonly command: { readonly id: string; readonly hash: string } | undefined;
  readonly traceHeader: string | undefined;
}

interface PreparedEvent {
  readonly eventId: string;
  readonly eventType: string;
  readonly version: string;
  readonly eventData: JsonObject;
  /** `eventData` as it will be stored. */
  readonly payload: AttributeValue;
}

/** An event with the item that stores it. */
export interface PlacedEvent {
  readonly event: StoredEvent;
  readonly item: Item;
}

const SIZE_ADVICE = "keep the large part elsewhere (such as an object in S3) and its key in the event";

/** Sizes are checked with the longest sequence number there is, so that an item fits wherever it comes to stand. */
const LONGEST_VERSION = Number.MAX_SAFE_INTEGER - MAX_EVENTS_PER_APPEND - 1;

/** @throws {TooLargeError} for an item over 400 KB or a transaction over 4 MB */
function checkSizes(context: StoreContext, append: PreparedAppend): void {
  const { aggregateType } = append.request;
  const head = { version: LONGEST_VERSION, aggregateType, eventTime: "", commands: EMPTY_COMMAND_LOG };
  const placed = placeAfter(context, head, append);
  const sizes = placed.map(({ item, event }, index) =>
    checkItemSize(item, `event ${index + 1} (${event.eventType}) of ${event.entityId}`, SIZE_ADVICE),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (placed.length > 1) checkTransactionSize(total, placed.length);
}

/** @throws {TooLargeError} */
export function checkTransactionSize(bytes: number, events: number): void {
  if (bytes <= MAX_TRANSACTION_BYTES) return;
  throw new TooLargeError(`the append of ${events} events`, bytes, MAX_TRANSACTION_BYTES, "append fewer at once");
}

/**
 * Checks an append wholly before anything is sent. What is given is taken at once: what its caller makes of the request
 * afterwards changes nothing.
 */
export async function prepareAppend(context: StoreContext, given: AppendRequest): Promise<PreparedAppend> {
  checkAppend(given);
  const request: AppendRequest = { ...given, ...(given.command ? { command: { ...given.command } } : {}) };
  const traceHeader = context.traceHeader();
  const taken = request.events.map(({ eventType, eventData }) =>
    take(context, request.aggregateType, eventType, eventData),
  );
  const events: PreparedEvent[] = [];
  for (const { eventType, value } of taken) {
    const eventData = value instanceof Promise ? toEventData(await value) : value;
    events.push({
      eventId: context.newId(),
      eventType,
      version: currentVersion(context.eventTypes, request.aggregateType, eventType),
      eventData,
      payload: encodePayload(eventData, context.encoding, "eventData"),
    });
  }
  const { command } = request;
  const hash = command && (command.hash ?? contentHash(events.map((e) => [e.eventType, e.eventData])));
  const identity = command && { id: command.id, hash: hash ?? "" };
  const append = { request, events, command: identity, traceHeader };
  checkSizes(context, append);
  return append;
}

/** An event's payload as JSON, by its schema where it has one; a promise when the schema waits. */
function take(
  { eventTypes }: StoreContext,
  aggregateType: string,
  eventType: string,
  given: unknown,
): { readonly eventType: string; readonly value: JsonObject | Promise<unknown> } {
  if (eventTypes.isUnknown(aggregateType, eventType))
    throw new InvalidArgumentError("eventType", eventType, `one of those that ${aggregateType} declares`);
  const schema = schemaOf(eventTypes, aggregateType, eventType);
  const value = schema ? checkSchema(schema, eventType, given) : given;
  return { eventType, value: value instanceof Promise ? value : toEventData(value) };
}

const toEventData = (value: unknown): JsonObject => deepFreeze(toJsonObject(value, "eventData"));

/** Milliseconds that the last event of an entity may be ahead of this machine's clock and still be followed. */
export const MAX_CLOCK_SKEW_MS = 5 * 60 * 1000;

/**
 * The later of now and the last event's time, in the form that the store writes. A last event that is further ahead than
 * clocks differ was stored by a machine whose clock is wrong: the entity's time is not frozen until then, and goes back.
 */
function timeAfter({ clock, warn }: StoreContext, entityId: string, last: string | undefined): string {
  const now = clock();
  const ahead = last === undefined ? 0 : Date.parse(last) - now.getTime();
  if (ahead > MAX_CLOCK_SKEW_MS)
    warn(`${entityId}: the last event is ${Math.round(ahead / 1000)} s ahead of the clock; its time is not followed`, {
      entityId,
      lastEventTime: last,
      aheadMs: ahead,
    });
  return (ahead > 0 && ahead <= MAX_CLOCK_SKEW_MS ? new Date(now.getTime() + ahead) : now).toISOString();
}

/** The events that follow `head`, numbered and timed. */
export function placeAfter(context: StoreContext, head: EntityHead, append: PreparedAppend): PlacedEvent[] {
  const { entityId, aggregateType, userId, correlationId, causationId } = append.request;
  if (head.aggregateType !== undefined && head.aggregateType !== aggregateType) {
    throw new AggregateTypeError(entityId, aggregateType, head.aggregateType);
  }
  const eventTime = timeAfter(context, entityId, head.eventTime);
  return append.events.map(({ payload, ...prepared }, index) => {
    const event = Object.freeze({
      entityId,
      sequenceNumber: head.version + 1 + index,
      ...prepared,
      eventTime,
      userId,
      correlationId,
      aggregateType,
      ...(causationId === undefined ? {} : { causationId }),
      ...(append.traceHeader === undefined ? {} : { traceHeader: append.traceHeader }),
      ...(append.command ? { commandId: append.command.id, commandHash: append.command.hash } : {}),
    });
    return { event, item: { ...encodeEventWith(event, payload), ...shardAttributes(event, context.indexShards) } };
  });
}
