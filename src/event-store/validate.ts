import { SHARD_BYTES } from "./dynamodb-index-shards.ts";
import { InvalidArgumentError } from "./errors.ts";
import type { AppendRequest } from "./event-store.ts";

/** Bytes. DynamoDB's limit of a partition key's value, in the table and in its indexes. */
const MAX_KEY_BYTES = 2048;
/** DynamoDB's limit of actions in one transaction. */
export const MAX_EVENTS_PER_APPEND = 100;

/** @param reserved bytes of the key that something else takes */
export function checkKeyText(field: string, value: unknown, reserved = 0): void {
  const most = MAX_KEY_BYTES - reserved;
  if (typeof value !== "string" || value === "" || Buffer.byteLength(value) > most) {
    throw new InvalidArgumentError(field, value, `a text of 1 to ${most} bytes`);
  }
}

function checkText(field: string, value: unknown): void {
  if (typeof value !== "string" || value === "")
    throw new InvalidArgumentError(field, value, "a text that is not empty");
}

/** Bytes. Command ids stand in every snapshot, a hundred of them. */
const MAX_COMMAND_ID_BYTES = 256;

function checkShortText(field: string, value: unknown): void {
  if (typeof value !== "string" || value === "" || Buffer.byteLength(value) > MAX_COMMAND_ID_BYTES) {
    throw new InvalidArgumentError(field, value, `a text of 1 to ${MAX_COMMAND_ID_BYTES} bytes`);
  }
}

export function checkWholeNumber(field: string, value: unknown, from: number): void {
  if (!Number.isSafeInteger(value) || Number(value) < from) {
    throw new InvalidArgumentError(field, value, `a whole number from ${from}`);
  }
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2}))?$/;

export function checkTime(field: string, value: string | undefined): void {
  if (value !== undefined && (!ISO_TIME.test(value) || Number.isNaN(Date.parse(value)))) {
    throw new InvalidArgumentError(field, value, "an ISO 8601 time with its zone, such as 2026-01-31T12:00:00Z");
  }
}

/** @throws {InvalidArgumentError} naming the first field that is off */
export function checkAppend(request: AppendRequest, indexShards: number): void {
  if (!Array.isArray(request?.events)) throw new InvalidArgumentError("events", request?.events, "an array of events");
  const reserved = indexShards > 1 ? SHARD_BYTES : 0;
  checkKeyText("entityId", request.entityId);
  checkKeyText("aggregateType", request.aggregateType, reserved);
  checkKeyText("userId", request.userId, reserved);
  checkText("correlationId", request.correlationId);
  if (request.causationId !== undefined) checkText("causationId", request.causationId);
  if (request.command !== undefined) checkShortText("command.id", request.command.id);
  if (request.command?.hash !== undefined) checkShortText("command.hash", request.command.hash);
  if (request.expectedVersion !== undefined) checkWholeNumber("expectedVersion", request.expectedVersion, 0);
  const count = request.events.length;
  if (count < 1 || count > MAX_EVENTS_PER_APPEND) {
    throw new InvalidArgumentError("events", count, `1 to ${MAX_EVENTS_PER_APPEND} events`);
  }
  for (const [index, event] of request.events.entries()) checkText(`events[${index}].eventType`, event.eventType);
}
