import { checkFields, type Fields, InvalidArgumentError } from "../event-store/index.ts";
import type { EventLine } from "./event-line.ts";

/** A recorded event of EventStoreDB (Kurrent) as JSON, under the names of its HTTP API or of its clients. */
interface RecordedEvent {
  readonly eventStreamId?: unknown;
  readonly streamId?: unknown;
  readonly eventNumber?: unknown;
  readonly revision?: unknown;
  readonly eventId?: unknown;
  readonly id?: unknown;
  readonly eventType?: unknown;
  readonly type?: unknown;
  readonly created?: unknown;
  readonly data?: unknown;
  readonly metadata?: unknown;
}

interface Metadata {
  readonly $correlationId?: unknown;
  readonly $causationId?: unknown;
  readonly userId?: unknown;
}

/**
 * The event of a line of EventStoreDB: the stream is the entity, its numbers begin at 0, correlation and cause stand in
 * the metadata. What else stands there is refused, for it would be lost.
 *
 * @param cutsTimes its times have ten millionths of a second; the store's have milliseconds
 * @throws {InvalidArgumentError}
 */
export function fromEventStoreDb(value: unknown, cutsTimes: boolean): EventLine {
  checkFields("line", value, FIELDS);
  const { eventStreamId, streamId, eventNumber, revision, eventId, id, eventType, type, created, data, metadata } =
    value as RecordedEvent;
  if (metadata !== undefined && metadata !== null) checkFields("metadata", metadata, METADATA);
  const { $correlationId, $causationId, userId } = (metadata ?? {}) as Metadata;
  const number = eventNumber ?? revision;
  const line = {
    entityId: eventStreamId ?? streamId,
    sequenceNumber: number === undefined ? undefined : numberOf(number) + 1,
    eventType: eventType ?? type,
    eventTime: cutsTimes ? cut(created) : created,
    eventId: eventId ?? id,
    userId,
    correlationId: $correlationId,
    causationId: $causationId,
    data,
  };
  // What is of the wrong type is told where all lines are checked.
  return line as EventLine;
}

function numberOf(number: unknown): number {
  if (!Number.isSafeInteger(number)) throw new InvalidArgumentError("eventNumber", number, "an integer");
  return number as number;
}

/** To milliseconds, in the form that the store writes. */
const cut = (time: unknown): unknown =>
  typeof time === "string" && !Number.isNaN(Date.parse(time)) ? new Date(time).toISOString() : time;

const FIELDS: Fields<RecordedEvent> = {
  eventStreamId: true,
  streamId: true,
  eventNumber: true,
  revision: true,
  eventId: true,
  id: true,
  eventType: true,
  type: true,
  created: true,
  data: true,
  metadata: true,
};

const METADATA: Fields<Metadata> = { $correlationId: true, $causationId: true, userId: true };
