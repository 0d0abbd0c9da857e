import { checkFields, type Fields, type StoredEvent } from "../event-store/index.ts";

/** An event as a line of JSON, in `export` and `import`: what an append takes and what it makes, under the API's names. */
export interface EventLine {
  readonly entityId: string;
  /** Default: the next of its entity. */
  readonly sequenceNumber?: number;
  /** Default: the aggregate that declares the event's type. */
  readonly aggregateType?: string;
  readonly eventType: string;
  readonly eventTime?: string;
  readonly eventId?: string;
  /** The schema version of `data`. Default: the one that is written today. */
  readonly version?: string;
  readonly userId?: string;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly commandId?: string;
  readonly commandHash?: string;
  readonly traceHeader?: string;
  readonly data: unknown;
}

/** The last line of an export: how many events stand before it, and the SHA-256 of their lines. */
export interface Trailer {
  readonly events: number;
  readonly sha256: string;
}

export function lineOf({ eventData, ...event }: StoredEvent): string {
  const { entityId, sequenceNumber, aggregateType, eventType, eventTime, eventId, version, ...rest } = event;
  const line = { entityId, sequenceNumber, aggregateType, eventType, eventTime, eventId, version, ...rest };
  return JSON.stringify({ ...line, data: eventData } satisfies EventLine);
}

export function isTrailer(value: unknown): value is Trailer {
  return typeof value === "object" && value !== null && "sha256" in value && !("entityId" in value);
}

/** @throws {InvalidArgumentError} for a field that an append does not take */
export function checkLine(value: unknown): asserts value is EventLine {
  checkFields("line", value, FIELDS);
}

const FIELDS: Fields<EventLine> = {
  entityId: true,
  sequenceNumber: true,
  aggregateType: true,
  eventType: true,
  eventTime: true,
  eventId: true,
  version: true,
  userId: true,
  correlationId: true,
  causationId: true,
  commandId: true,
  commandHash: true,
  traceHeader: true,
  data: true,
};
