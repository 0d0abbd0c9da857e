import { contentHash } from "./content-hash.ts";
import type { StoreContext } from "./dynamodb-context.ts";
import { encodeEvent, type Item } from "./dynamodb-event-codec.ts";
import { checkItemSize, MAX_TRANSACTION_BYTES } from "./dynamodb-item-size.ts";
import type { EntityHead } from "./dynamodb-read.ts";
import { AggregateTypeError, TooLargeError } from "./errors.ts";
import type { StoredEvent } from "./event.ts";
import type { AppendRequest } from "./event-store.ts";
import { checkSchema, currentVersion } from "./event-types.ts";
import { type JsonObject, toJsonObject } from "./json.ts";
import { checkAppend } from "./validate.ts";

/** An append that was checked and has its ids: what is sent again is the same to the letter. */
export interface PreparedAppend {
  readonly request: AppendRequest;
  readonly events: readonly PreparedEvent[];
  readonly command: { readonly id: string; readonly hash: string } | undefined;
}

interface PreparedEvent {
  readonly eventId: string;
  readonly eventType: string;
  readonly version: string;
  readonly eventData: JsonObject;
}

const SIZE_ADVICE = "keep the large part elsewhere (such as an object in S3) and its key in the event";

export async function prepareAppend(context: StoreContext, request: AppendRequest): Promise<PreparedAppend> {
  checkAppend(request);
  const events: PreparedEvent[] = [];
  for (const { eventType, eventData } of request.events) {
    const checked = await checkSchema(context.eventTypes, eventType, eventData);
    events.push({
      eventId: context.newId(),
      eventType,
      version: currentVersion(context.eventTypes, eventType),
      eventData: toJsonObject(checked, "eventData"),
    });
  }
  const { command } = request;
  const hash = command && (command.hash ?? contentHash(events.map((e) => [e.eventType, e.eventData])));
  return { request, events, command: command && { id: command.id, hash: hash ?? "" } };
}

const later = (a: string, b: string | undefined): string => (b !== undefined && b > a ? b : a);

/** The events that follow `head`, numbered and timed; time never goes backwards within an entity. */
export function placeAfter(context: StoreContext, head: EntityHead, append: PreparedAppend): StoredEvent[] {
  const { entityId, aggregateType, userId, correlationId, causationId } = append.request;
  if (head.aggregateType !== undefined && head.aggregateType !== aggregateType) {
    throw new AggregateTypeError(entityId, aggregateType, head.aggregateType);
  }
  const eventTime = later(context.clock().toISOString(), head.eventTime);
  return append.events.map((event, index) => ({
    entityId,
    sequenceNumber: head.version + 1 + index,
    ...event,
    eventTime,
    userId,
    correlationId,
    aggregateType,
    ...(causationId === undefined ? {} : { causationId }),
    ...(append.command ? { commandId: append.command.id, commandHash: append.command.hash } : {}),
  }));
}

/** @throws {TooLargeError} for an item over 400 KB or a transaction over 4 MB */
export function encodeAll(context: StoreContext, events: readonly StoredEvent[]): Item[] {
  const items = events.map((event) => encodeEvent(event, context.encoding));
  const sizes = items.map((item, index) => {
    const event = events[index];
    return checkItemSize(
      item,
      `event ${event?.eventType} #${event?.sequenceNumber} of ${event?.entityId}`,
      SIZE_ADVICE,
    );
  });
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (items.length > 1 && total > MAX_TRANSACTION_BYTES) {
    throw new TooLargeError(
      `the append of ${items.length} events`,
      total,
      MAX_TRANSACTION_BYTES,
      "append fewer at once",
    );
  }
  return items;
}
