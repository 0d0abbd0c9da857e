import { type EventStore, type EventTypes, type StoredEvent, upcast } from "../event-store/index.ts";
import { contiguous, type EntityBatch, type EntityFailure } from "../stream/index.ts";
import { type Bus, type BusEntry, DEFAULT_MAX_BYTES, entrySize } from "./bus.ts";
import { claimCheckOf, type EnvelopeOptions, envelopeOf } from "./envelope.ts";
import { type Outgoing, sendInOrder } from "./send-in-order.ts";

/** A message of the service to itself that goes out behind an event: `SnapshotDue`. */
export interface Notice {
  readonly detailType: string;
  readonly detail: object;
}

export interface PublisherOptions extends EnvelopeOptions {
  readonly bus: Bus;
  readonly store: EventStore;
  readonly eventTypes: EventTypes;
  /** The `source` of everything published: the service's name. */
  readonly source: string;
  /** Notices that an event gives rise to. Default: none. */
  readonly noticesOf?: (event: StoredEvent) => readonly Notice[];
  /** Bytes of one request to the bus. Default 1 MB. */
  readonly maxBytes?: number | undefined;
  /** How often an entry is sent in one batch. Default 5. */
  readonly attempts?: number;
  readonly backOff: (attempt: number) => Promise<void>;
}

export interface PublishOutcome {
  readonly published: number;
  readonly requests: number;
  readonly failures: readonly (EntityFailure & { readonly error: Error })[];
}

export interface Publisher {
  publish(batches: readonly EntityBatch[]): Promise<PublishOutcome>;
}

function entryOf(source: string, event: StoredEvent, options: EnvelopeOptions, maxBytes: number): BusEntry | undefined {
  const envelope = envelopeOf(event, options);
  if (!envelope) return undefined;
  const { entityId, eventTime: time } = event;
  const whole: BusEntry = {
    source,
    detailType: envelope.eventType,
    detail: JSON.stringify(envelope),
    resources: [entityId],
    time,
  };
  if (entrySize(whole) <= maxBytes) return whole;
  return { ...whole, detail: JSON.stringify(claimCheckOf(envelope)) };
}

/** Puts the events of a batch on the bus, each entity's in order. */
export function createPublisher(options: PublisherOptions): Publisher {
  const { bus, store, eventTypes, source, backOff, attempts = 5, maxBytes = DEFAULT_MAX_BYTES } = options;

  function outgoing(event: StoredEvent): Outgoing[] {
    const { entityId, sequenceNumber } = event;
    const entry = entryOf(source, event, options, maxBytes);
    const notices = (options.noticesOf?.(event) ?? []).map(({ detailType, detail }) => ({
      source,
      detailType,
      detail: JSON.stringify(detail),
      resources: [entityId],
      time: event.eventTime,
    }));
    return [...(entry ? [entry] : []), ...notices].map((one) => ({ entityId, sequenceNumber, entry: one }));
  }

  /** The batch's events without a hole: what the stream left out between them is read from the store. */
  async function eventsOf({ entityId, events, upTo }: EntityBatch): Promise<StoredEvent[]> {
    const from = events[0]?.sequenceNumber ?? upTo;
    const delivered = contiguous(events, from, upTo);
    if (delivered) return delivered.map((event) => upcast(eventTypes, event));
    return store.getEvents(entityId, from, upTo);
  }

  async function publish(batches: readonly EntityBatch[]): Promise<PublishOutcome> {
    const events = (await Promise.all(batches.map(eventsOf))).flat();
    const { sent, failures, requests } = await sendInOrder(events.flatMap(outgoing), {
      bus,
      maxBytes,
      attempts,
      backOff,
    });
    const published = events.filter(({ entityId, sequenceNumber }) => sequenceNumber <= (sent.get(entityId) ?? 0));
    const failed = [...failures].map(([entityId, failure]) => ({ entityId, ...failure }));
    return { published: published.length, requests, failures: failed };
  }

  return { publish };
}
