import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { CorruptItemError } from "../errors.ts";
import type { StoredEvent } from "../event.ts";
import type { JsonObject } from "../json.ts";
import { EVENT } from "./attributes.ts";
import { decodePayload, encodePayload, type PayloadEncoding } from "./payload.ts";

export type Item = Record<string, AttributeValue>;

/** The item of one event. */
export function encodeEvent(event: StoredEvent, encoding: PayloadEncoding): Item {
  return encodeEventWith(event, encodePayload(event.eventData, encoding, EVENT.eventData));
}

/** The item of one event whose payload is encoded already. */
export function encodeEventWith(event: StoredEvent, payload: AttributeValue): Item {
  const item: Item = {
    [EVENT.entityId]: { S: event.entityId },
    [EVENT.sequenceNumber]: { N: String(event.sequenceNumber) },
    [EVENT.eventId]: { S: event.eventId },
    [EVENT.eventType]: { S: event.eventType },
    [EVENT.eventTime]: { S: event.eventTime },
    [EVENT.eventData]: payload,
    [EVENT.version]: { S: event.version },
    [EVENT.userId]: { S: event.userId },
    [EVENT.correlationId]: { S: event.correlationId },
    [EVENT.aggregateType]: { S: event.aggregateType },
  };
  for (const name of [EVENT.causationId, EVENT.commandId, EVENT.commandHash, EVENT.traceHeader]) {
    const value = event[name];
    if (value !== undefined) item[name] = { S: value };
  }
  return item;
}

/**
 * The event of an item, frozen, its payload under the schema version that it was stored at.
 *
 * @throws {CorruptItemError} naming the item and the field
 */
export function decodeEvent(item: Item): StoredEvent {
  const sequenceNumber = Number(item[EVENT.sequenceNumber]?.N);
  if (!Number.isSafeInteger(sequenceNumber) || sequenceNumber < 1) {
    throw new CorruptItemError(keyOf(item), EVENT.sequenceNumber, "an integer of at least 1");
  }
  const optional = (field: "causationId" | "commandId" | "commandHash" | "traceHeader") => {
    const value = item[field]?.S;
    return value === undefined ? undefined : { [field]: value };
  };
  return Object.freeze({
    entityId: text(item, EVENT.entityId),
    sequenceNumber,
    eventId: text(item, EVENT.eventId),
    eventType: text(item, EVENT.eventType),
    eventTime: text(item, EVENT.eventTime),
    // Of our own writing it is an object; others may have stored any JSON value, which is given as it is.
    eventData: decodePayload(item[EVENT.eventData], keyOf(item), EVENT.eventData) as JsonObject,
    version: text(item, EVENT.version),
    userId: text(item, EVENT.userId),
    correlationId: text(item, EVENT.correlationId),
    aggregateType: text(item, EVENT.aggregateType),
    ...optional("causationId"),
    ...optional("commandId"),
    ...optional("commandHash"),
    ...optional("traceHeader"),
  });
}

function text(item: Item, field: string): string {
  const value = item[field]?.S;
  if (value === undefined) throw new CorruptItemError(keyOf(item), field, "a string");
  return value;
}

const keyOf = (item: Item): string => `${item[EVENT.entityId]?.S ?? "?"} #${item[EVENT.sequenceNumber]?.N ?? "?"}`;
