import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { EMPTY_COMMAND_LOG } from "../command-log.ts";
import type { EntityHead } from "../entity-head.ts";
import { TooLargeError } from "../errors.ts";
import type { StoredEvent } from "../event.ts";
import type { AppendRequest } from "../event-store.ts";
import * as port from "../prepare-append.ts";
import { MAX_EVENTS_PER_APPEND } from "../validate.ts";
import type { StoreContext } from "./context.ts";
import { encodeEventWith, type Item } from "./event-codec.ts";
import { shardAttributes } from "./index-shards.ts";
import { checkItemSize, MAX_TRANSACTION_BYTES } from "./item-size.ts";
import { encodePayload } from "./payload.ts";

/** A prepared append with the payloads of its events as they will be stored. */
export interface PreparedAppend extends port.PreparedAppend {
  readonly payloads: readonly AttributeValue[];
}

/** An event with the item that stores it. */
export interface EventItem {
  readonly event: StoredEvent;
  readonly item: Item;
}

/**
 * Checks an append wholly before anything is sent.
 *
 * @throws {TooLargeError} for an item over 400 KB or a transaction over 4 MB
 */
export async function prepareAppend(context: StoreContext, given: AppendRequest): Promise<PreparedAppend> {
  const traceHeader = context.traceHeader();
  const prepared = await port.prepareAppend(context, given);
  const payloads = prepared.events.map(({ eventData }) => encodePayload(eventData, context.encoding, "eventData"));
  const append = { ...prepared, traceHeader, payloads };
  checkSizes(context, append);
  return append;
}

function checkSizes(context: StoreContext, append: PreparedAppend): void {
  const { aggregateType } = append.request;
  const head = { version: LONGEST_VERSION, aggregateType, eventTime: "", commands: EMPTY_COMMAND_LOG };
  const placed = assignSequenceNumbers(context, head, append);
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

/** The events that follow `head`, numbered and timed, with their items. */
export function assignSequenceNumbers(context: StoreContext, head: EntityHead, append: PreparedAppend): EventItem[] {
  return port.assignSequenceNumbers(context, head, append).map((event, index) => {
    const payload = append.payloads[index] as AttributeValue;
    return { event, item: { ...encodeEventWith(event, payload), ...shardAttributes(event, context.indexShards) } };
  });
}

const SIZE_ADVICE = "keep the large part elsewhere (such as an object in S3) and its key in the event";

/** Sizes are checked with the longest sequence number there is, so that an item fits wherever it comes to stand. */
const LONGEST_VERSION = Number.MAX_SAFE_INTEGER - MAX_EVENTS_PER_APPEND - 1;
