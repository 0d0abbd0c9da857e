import { type PublicEvent, type PublicEvents, publicEventOf } from "../definition/index.ts";
import { describeIssues, dropPromise, isThenable, type StoredEvent } from "../event-store/index.ts";
import { forEvent } from "../stream/index.ts";

/** The `detail` of a published event: what subscribers build on. */
export interface Envelope<Data = unknown> {
  readonly eventId: string;
  readonly entityId: string;
  readonly aggregateType: string;
  readonly sequenceNumber: number;
  readonly eventType: string;
  readonly eventTime: string;
  /** Schema version of `data`. */
  readonly version: string;
  readonly correlationId: string;
  readonly causationId?: string;
  /** Only where the deployer publishes it. */
  readonly userId?: string;
  readonly data?: Data;
  /** In place of `data` when the event is too large for the bus: read it back from the service's API. */
  readonly claimCheck?: ClaimCheck;
}

/** Names the event; it never expires, for events are never removed. */
export interface ClaimCheck {
  readonly entityId: string;
  readonly sequenceNumber: number;
  /** Relative to the service's API. */
  readonly path: string;
}

export interface EnvelopeOptions {
  /** Default false. */
  readonly publishUserId?: boolean | undefined;
  /** Default: every event as it is stored. */
  readonly publicEvents?: PublicEvents | undefined;
}

/** The envelope of an event; undefined when the event is kept off the bus. @throws {EventHandlingError} */
export function envelopeOf(event: StoredEvent, options: EnvelopeOptions): Envelope | undefined {
  const { isPublic = true, publishedAs } = publicEventOf(options.publicEvents ?? {}, event);
  if (!isPublic) return undefined;
  const { eventId, entityId, aggregateType, sequenceNumber, eventTime, correlationId, causationId, userId } = event;
  return {
    eventId,
    entityId,
    aggregateType,
    sequenceNumber,
    eventType: publishedAs?.eventType ?? event.eventType,
    eventTime,
    version: publishedAs?.version ?? event.version,
    correlationId,
    ...(causationId === undefined ? {} : { causationId }),
    ...(options.publishUserId ? { userId } : {}),
    data: publishedAs ? forEvent(event, "publishedAs", () => shapedData(publishedAs, event)) : event.eventData,
  };
}

/** @throws for data that the schema of the shape refuses: consumers are typed by it */
function shapedData({ schema, data }: NonNullable<PublicEvent["publishedAs"]>, event: StoredEvent): unknown {
  const shaped = data(event);
  // `forEvent` refuses it.
  if (isThenable(shaped)) return shaped;
  const result = schema?.["~standard"].validate(shaped);
  if (isThenable(result)) {
    dropPromise(result);
    throw new TypeError("its schema waits, and has to answer at once");
  }
  const [issue] = describeIssues("data", result?.issues ?? []);
  if (issue) throw new TypeError(`${issue.path}: ${issue.message}`);
  return shaped;
}

export function claimCheckOf({ data: _, ...envelope }: Envelope): Envelope {
  const { entityId, sequenceNumber } = envelope;
  const path = `/entities/${encodeURIComponent(entityId)}/published?from=${sequenceNumber}&to=${sequenceNumber}`;
  return { ...envelope, claimCheck: { entityId, sequenceNumber, path } };
}
