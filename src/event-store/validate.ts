import { InvalidArgumentError } from "./errors.ts";
import type { NewEvent } from "./event.ts";
import type { AppendRequest, CommandIdentity } from "./event-store.ts";
import { isWellFormed, storableText } from "./thrown.ts";

/** The fields of an object that the library takes, each once, so that the compiler holds the list complete. */
export type Fields<T> = Readonly<Record<keyof T, true>>;

const ISO_TIME = /^(\d{4})-(\d{2})-(\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2}))?$/;

export function checkTime(field: string, value: unknown): void {
  if (!isTime(value))
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

const APPEND: Fields<AppendRequest> = {
  aggregateType: true,
  entityId: true,
  events: true,
  userId: true,
  correlationId: true,
  causationId: true,
  expectedVersion: true,
  explainsConflict: true,
  command: true,
  precondition: true,
};
const COMMAND: Fields<CommandIdentity> = { id: true, hash: true, log: true };

/** @throws {InvalidArgumentError} naming the first field that is invalid */
export function checkAppend(request: AppendRequest): void {
  checkFields("request", request, APPEND);
  const { events, command } = request;
  if (!Array.isArray(events)) throw new InvalidArgumentError("events", events, "an array of events");
  checkKeyText("entityId", request.entityId, MAX_ID_BYTES);
  checkKeyText("aggregateType", request.aggregateType, MAX_AGGREGATE_TYPE_BYTES);
  checkKeyText("userId", request.userId, MAX_ID_BYTES);
  checkText("correlationId", request.correlationId);
  if (request.causationId !== undefined) checkText("causationId", request.causationId);
  if (command !== undefined) checkCommand(command);
  if (request.expectedVersion !== undefined) checkWholeNumber("expectedVersion", request.expectedVersion, 0);
  const { explainsConflict } = request;
  if (explainsConflict !== undefined && typeof explainsConflict !== "boolean")
    throw new InvalidArgumentError("explainsConflict", explainsConflict, "true or false");
  if (events.length < 1 || events.length > MAX_EVENTS_PER_APPEND)
    throw new InvalidArgumentError("events", events.length, `1 to ${MAX_EVENTS_PER_APPEND} events`);
  for (const [index, event] of events.entries()) checkEvent(`events[${index}]`, event);
}

function checkCommand(command: CommandIdentity): void {
  checkFields("command", command, COMMAND);
  checkShortText("command.id", command.id);
  if (command.hash !== undefined) checkShortText("command.hash", command.hash);
}

/** Bytes. Command ids stand in every snapshot, a hundred of them. */
const MAX_COMMAND_ID_BYTES = 256;

const checkShortText = (field: string, value: unknown): void => checkKeyText(field, value, MAX_COMMAND_ID_BYTES);

function checkEvent(field: string, event: unknown): void {
  const isEvent = typeof event === "object" && event !== null && "eventType" in event && "eventData" in event;
  if (!isEvent) throw new InvalidArgumentError(field, event, "an event with eventType and eventData");
  checkFields(field, event, NEW_EVENT);
  checkText(`${field}.eventType`, event.eventType);
}

const NEW_EVENT: Fields<NewEvent> = { eventType: true, eventData: true };

/** @throws {InvalidArgumentError} naming what cannot be stored together */
export function checkAppendToMany(requests: readonly AppendRequest[]): void {
  if (!Array.isArray(requests)) throw new InvalidArgumentError("requests", requests, "an array of requests");
  for (const request of requests) checkAppend(request);
  const withCommand = requests.filter(({ command }) => command !== undefined);
  if (withCommand.length > 0 && withCommand.length < requests.length) {
    const { entityId } = requests.find(({ command }) => command === undefined) as AppendRequest;
    throw new InvalidArgumentError(`command of ${entityId}`, undefined, "a command on all of the requests or on none");
  }
  const total = requests.reduce((sum, { events }) => sum + events.length, 0);
  if (total > MAX_EVENTS_PER_APPEND) {
    throw new InvalidArgumentError("requests", total, `at most ${MAX_EVENTS_PER_APPEND} events in all`);
  }
  const ids = new Set<string>();
  for (const { entityId, expectedVersion } of requests) {
    checkWholeNumber(`expectedVersion of ${entityId}`, expectedVersion, 0);
    if (ids.has(entityId)) throw new InvalidArgumentError("entityId", entityId, "each entity once");
    ids.add(entityId);
  }
}

function checkText(field: string, value: unknown): void {
  if (typeof value !== "string" || value === "" || !isWellFormed(value))
    throw new InvalidArgumentError(field, value, "non-empty well-formed text");
}

/** @throws {InvalidArgumentError} for what is no object, and for a field that is not known: it may be misspelt */
export function checkFields<T>(what: string, given: unknown, fields: Fields<T>): void {
  if (typeof given !== "object" || given === null) throw new InvalidArgumentError(what, given, "an object");
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || Object.hasOwn(fields, name)) continue;
    throw new InvalidArgumentError(`${what}.${name}`, value, `one of the fields ${Object.keys(fields).join(", ")}`);
  }
}

/** Bytes. DynamoDB's limit of a partition key's value, in the table and in its indexes ("Constraints in Amazon DynamoDB"). */
export const MAX_PARTITION_KEY_BYTES = 2048;

/**
 * Bytes of the longest entity id, and of the longest user id: a little less than a sort key holds, so that every key
 * that read models, publisher and lists derive from it fits (docs/adr/0016-keys-fit-every-id.md).
 */
export const MAX_ID_BYTES = 1000;

/** Bytes of the longest user id to read by: older events may have longer ones; an index adds `#` and a shard below 100. */
export const MAX_INDEXED_ID_BYTES = MAX_PARTITION_KEY_BYTES - "#99".length;

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

export function checkWholeNumber(field: string, value: unknown, from: number): void {
  if (!Number.isSafeInteger(value) || Number(value) < from) {
    throw new InvalidArgumentError(
      field,
      value,
      from === 0 ? "a non-negative integer" : `an integer of at least ${from}`,
    );
  }
}
