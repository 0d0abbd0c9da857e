import type { StoredEvent } from "./event.ts";
import { messageOf, showValue } from "./thrown.ts";

/** Any of the errors that extend `EventStoreError`, whichever copy of the package threw it. */
export const isEventStoreError = (error: unknown): error is EventStoreError => error instanceof Error && BRAND in error;

/** Tells the store's errors apart, also when two copies of the package are loaded. */
const BRAND = Symbol.for("streamfold.EventStoreError");

/** Base of everything the store refuses. Guards test `code`, never the class. */
export abstract class EventStoreError extends Error {
  abstract readonly code: string;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** The entity was not at the version that the caller expected. Nothing was stored. */
export class ConcurrencyError extends EventStoreError {
  readonly code = "CONCURRENCY";
  /** The event at `expectedVersion + 1`, where the append that was refused showed it. */
  readonly winner: StoredEvent | undefined;
  constructor(
    readonly entityId: string,
    readonly expectedVersion: number,
    /** The version seen when the append was refused. Another writer may be further by now. */
    readonly actualVersion: number,
    options?: ErrorOptions & { readonly winner?: StoredEvent | undefined },
  ) {
    super(`${entityId} was expected at version ${expectedVersion} and is at ${actualVersion}`, options);
    this.winner = options?.winner;
  }
}

/** An append without `expectedVersion` conflicted in every allowed attempt. Nothing was stored. */
export class AppendRetriesExhaustedError extends EventStoreError {
  readonly code = "APPEND_RETRIES_EXHAUSTED";
  constructor(
    readonly entityId: string,
    readonly attempts: number,
    options?: ErrorOptions,
  ) {
    super(`${entityId}: the append conflicted in all ${attempts} attempts and was given up`, options);
  }
}

/** An argument is not of the shape that the method takes. Nothing was sent. */
export class InvalidArgumentError extends EventStoreError {
  readonly code = "INVALID_ARGUMENT";
  constructor(
    readonly field: string,
    readonly value: unknown,
    readonly expected: string,
  ) {
    super(`${field}: expected ${expected}, got ${showValue(value)}`);
  }
}

/** A payload holds a value that would not be read back unchanged. Nothing was sent. */
export class UnstorableValueError extends EventStoreError {
  readonly code = "UNSTORABLE_VALUE";
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`${path} cannot be stored: ${reason}`);
  }
}

/** An item or a transaction is over DynamoDB's limit. Nothing was sent. */
export class TooLargeError extends EventStoreError {
  readonly code = "TOO_LARGE";
  constructor(
    readonly what: string,
    readonly bytes: number,
    readonly limit: number,
    advice: string,
  ) {
    super(`${what} is ${bytes} bytes and the limit is ${limit}: ${advice}`);
  }
}

/** A payload does not fit the schema of its event type. Nothing was sent. */
export class EventSchemaError extends EventStoreError {
  readonly code = "EVENT_SCHEMA";
  constructor(
    readonly eventType: string,
    readonly issues: readonly { readonly path: string; readonly message: string }[],
  ) {
    super(`${eventType} does not fit its schema: ${issues.map((i) => `${i.path}: ${i.message}`).join("; ")}`);
  }
}

/** The entity exists under another aggregate type. Nothing was stored. */
export class AggregateTypeError extends EventStoreError {
  readonly code = "AGGREGATE_TYPE";
  constructor(
    readonly entityId: string,
    readonly expected: string,
    readonly actual: string,
  ) {
    super(`${entityId} is a ${actual} and cannot take events as a ${expected}`);
  }
}

/** The `commandId` was used before for a different command on this entity. Nothing was stored. */
export class CommandIdReusedError extends EventStoreError {
  readonly code = "COMMAND_ID_REUSED";
  constructor(
    readonly entityId: string,
    readonly commandId: string,
    readonly version: number,
  ) {
    super(`${entityId}: command id ${commandId} was used for another command, which ended at version ${version}`);
  }
}

/** The stored events of an entity are not 1..n. Reading on would give a wrong state. */
export class CorruptEntityError extends EventStoreError {
  readonly code = "CORRUPT_ENTITY";
  constructor(
    readonly entityId: string,
    readonly expectedSequence: number,
    readonly foundSequence: number,
  ) {
    super(`${entityId}: expected event ${expectedSequence} and found ${foundSequence}`);
  }
}

/** An item in the table does not have the shape of an event or a snapshot. */
export class CorruptItemError extends EventStoreError {
  readonly code = "CORRUPT_ITEM";
  constructor(
    readonly key: string,
    readonly field: string,
    readonly expected: string,
    options?: ErrorOptions,
  ) {
    super(`item ${key}: ${field} is not ${expected}`, options);
  }
}

/** The event was stored under a schema version that this code has no way to read. */
export class UnknownEventVersionError extends EventStoreError {
  readonly code = "UNKNOWN_EVENT_VERSION";
  constructor(
    readonly entityId: string,
    readonly sequenceNumber: number,
    readonly eventType: string,
    readonly version: string,
    readonly known: readonly string[],
  ) {
    super(
      `${entityId} #${sequenceNumber}: ${eventType} is stored at version ${version}; this code reads ${known.join(", ")}`,
    );
  }
}

/** An upcaster threw, or returned something other than an object. `cause` is what it threw. */
export class UpcastError extends EventStoreError {
  readonly code = "UPCAST";
  constructor(
    readonly event: StoredEvent,
    /** The schema version that the upcaster starts from. */
    readonly from: string,
    options: ErrorOptions,
  ) {
    const { entityId, sequenceNumber, eventType } = event;
    super(
      `${entityId} #${sequenceNumber}: the upcaster of ${eventType} from ${from} failed: ${messageOf(options.cause)}`,
      options,
    );
  }
  get entityId(): string {
    return this.event.entityId;
  }
  get sequenceNumber(): number {
    return this.event.sequenceNumber;
  }
  get eventType(): string {
    return this.event.eventType;
  }
}

export const isConcurrencyError = (error: unknown): error is ConcurrencyError =>
  error instanceof Error && "code" in error && error.code === "CONCURRENCY";

/**
 * The tables were throttled, or could not be reached, for as long as an operation tries. Whether an append was stored
 * is not known: send it again with its command's id. `cause` is the last answer.
 */
export class StoreUnavailableError extends Error {
  readonly code = "UNAVAILABLE";
  constructor(
    readonly entityId: string,
    options: ErrorOptions,
  ) {
    super(`${entityId}: the store was unavailable, and the retries were used up: ${messageOf(options.cause)}`, options);
    this.name = "StoreUnavailableError";
  }
}

const MOST_NAMED = 20;

/** The table that events are copied into has other events where some of them belong. The others are copied. */
export class CopyConflictError extends EventStoreError {
  readonly code = "COPY_CONFLICT";
  constructor(
    readonly table: string,
    /** The first such place of each entity; from there on nothing of the entity was copied. */
    readonly conflicts: readonly { readonly entityId: string; readonly sequenceNumber: number }[],
    readonly soFar: { readonly copied: number; readonly present: number },
    options?: ErrorOptions,
  ) {
    const named = conflicts
      .slice(0, MOST_NAMED)
      .map(({ entityId, sequenceNumber }) => `${entityId} #${sequenceNumber}`);
    const more = conflicts.length > MOST_NAMED ? ` and ${conflicts.length - MOST_NAMED} more` : "";
    super(`${table} has another event as ${named.join(", ")}${more}`, options);
  }
}
