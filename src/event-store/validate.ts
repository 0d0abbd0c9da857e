import { InvalidArgumentError } from "./errors.ts";
import type { AppendRequest } from "./event-store.ts";
import { isWellFormed, storableText } from "./thrown.ts";

/** Bytes. DynamoDB's limit of a partition key's value, in the table and in its indexes ("Constraints in Amazon DynamoDB"). */
export const MAX_PARTITION_KEY_BYTES = 2048;

/**
 * Bytes of the longest entity id, and of the longest user id: a little less than a sort key holds, so that every key
 * that read models, publisher and lists derive from it fits (docs/adr/0016-keys-fit-every-id.md).
 */
export const MAX_ID_BYTES = 1000;

/** Bytes of the longest aggregate type. */
export const MAX_AGGREGATE_TYPE_BYTES = 256;

/** DynamoDB's limit of actions in one transaction. */
export const MAX_EVENTS_PER_APPEND = 100;

/** @param most bytes */
export function checkKeyText(field: string, value: unknown, most = MAX_PARTITION_KEY_BYTES): void {
  const expected = `well-formed text of 1 to ${most} bytes`;
  if (typeof value !== "string" || value === "") throw new InvalidArgumentError(field, value, expected);
  const bytes = Buffer.byteLength(value);
  if (bytes > most) throw new InvalidArgumentError(field, `${storableText(value, 64)}… (${bytes} bytes)`, expected);
  if (!isWellFormed(value)) throw new InvalidArgumentError(field, value, expected);
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

const ISO_TIME = /^(\d{4})-(\d{2})-(\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2}))?$/;

export function checkTime(field: string, value: string | undefined): void {
  if (value !== undefined && !isTime(value))
    throw new InvalidArgumentError(field, value, "an ISO 8601 time with its zone, such as 2026-01-31T12:00:00Z");
}

/** A time of the calendar: JavaScript takes 30 February for 2 March. */
function isTime(value: unknown): boolean {
  if (typeof value !== "string" || Number.isNaN(Date.parse(value))) return false;
  const [, year, month, day] = ISO_TIME.exec(value) ?? [];
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  return date.getUTCDate() === Number(day);
}

/** Milliseconds since 1970 of the end of what a time names: a date without a time is that whole day. */
export const endOf = (time: string): number => Date.parse(time) + (time.includes("T") ? 0 : DAY_MS - 1);

const DAY_MS = 24 * 60 * 60 * 1000;

/** @throws {InvalidArgumentError} naming the first field that is off */
export function checkAppend(request: AppendRequest): void {
  if (!Array.isArray(request?.events)) throw new InvalidArgumentError("events", request?.events, "an array of events");
  checkKeyText("entityId", request.entityId, MAX_ID_BYTES);
  checkKeyText("aggregateType", request.aggregateType, MAX_AGGREGATE_TYPE_BYTES);
  checkKeyText("userId", request.userId, MAX_ID_BYTES);
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
