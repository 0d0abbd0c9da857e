import {
  checkFields,
  declaredNames,
  type EventTypeLookup,
  type Fields,
  InvalidArgumentError,
  type StoredEvent,
} from "../event-store/index.ts";
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

/** How the event of one type goes out. */
export interface PublicEvent {
  /** False keeps it off the bus. Default true. */
  readonly isPublic?: boolean;
  readonly publishedAs?: {
    /** Default: the stored event type. */
    readonly eventType?: string;
    /** Schema version of the public shape. Default: the stored one. */
    readonly version?: string;
    readonly data: (event: StoredEvent) => unknown;
  };
}

export type PublicEvents = Readonly<Record<string, PublicEvent>>;

const PUBLIC_EVENT: Fields<PublicEvent> = { isPublic: true, publishedAs: true };
const PUBLISHED_AS: Fields<NonNullable<PublicEvent["publishedAs"]>> = { eventType: true, version: true, data: true };

/** @throws {InvalidArgumentError} for a type that is not declared (where any is), or a misspelt field: the event would go out as it is stored */
export function checkPublicEvents(publicEvents: PublicEvents, eventTypes: EventTypeLookup): void {
  const names = declaredNames(eventTypes);
  for (const [name, definition] of Object.entries(publicEvents)) {
    if (names.size > 0 && !names.has(name))
      throw new InvalidArgumentError(`publicEvents.${name}`, name, `one of the event types ${[...names].join(", ")}`);
    checkFields(`publicEvents.${name}`, definition, PUBLIC_EVENT);
    if (definition.publishedAs) checkFields(`publicEvents.${name}.publishedAs`, definition.publishedAs, PUBLISHED_AS);
  }
}

export interface EnvelopeOptions {
  readonly publishUserId?: boolean | undefined;
  readonly publicEvents?: PublicEvents | undefined;
}

/** The envelope of an event; undefined when the event is kept off the bus. @throws {EventHandlingError} */
export function envelopeOf(event: StoredEvent, options: EnvelopeOptions): Envelope | undefined {
  const { isPublic = true, publishedAs } = options.publicEvents?.[event.eventType] ?? {};
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
    data: publishedAs ? forEvent(event, "publishedAs", () => publishedAs.data(event)) : event.eventData,
  };
}

export function claimCheckOf({ data: _, ...envelope }: Envelope): Envelope {
  const { entityId, sequenceNumber } = envelope;
  const path = `/entities/${encodeURIComponent(entityId)}/published?from=${sequenceNumber}&to=${sequenceNumber}`;
  return { ...envelope, claimCheck: { entityId, sequenceNumber, path } };
}
