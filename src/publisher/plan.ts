import { type EventStore, type EventTypes, isFaultOfTheEvent, type StoredEvent, upcast } from "../event-store/index.ts";
import { contiguous, type EntityBatch, missingEvent } from "../stream/index.ts";
import { type BusEntry, entrySize } from "./bus.ts";
import type { Progress } from "./dynamodb-progress.ts";
import { claimCheckOf, type EnvelopeOptions, envelopeOf } from "./envelope.ts";
import type { Outgoing } from "./send-in-order.ts";

/** A message of the service to itself that goes out behind an event: `SnapshotDue`. */
export interface Notice {
  readonly detailType: string;
  readonly detail: object;
}

export interface PlanOptions extends EnvelopeOptions {
  readonly store: EventStore;
  readonly eventTypes: EventTypes;
  /** The `source` of everything published: the service's name. */
  readonly source: string;
  /** Notices that an event gives rise to. Default: none. */
  readonly noticesOf?: (event: StoredEvent) => readonly Notice[];
}

function entryOf(source: string, event: StoredEvent, options: EnvelopeOptions, maxBytes: number): BusEntry | undefined {
  const envelope = envelopeOf(event, options);
  if (!envelope) return undefined;
  const { entityId, eventTime: time, traceHeader } = event;
  const shared = { source, detailType: envelope.eventType, resources: [entityId], time, traceHeader };
  const whole: BusEntry = { ...shared, detail: JSON.stringify(envelope) };
  return entrySize(whole) <= maxBytes ? whole : { ...shared, detail: JSON.stringify(claimCheckOf(envelope)) };
}

/** What is to be sent of one entity, up to the first event that cannot be made into an entry. */
export interface Plan {
  readonly progress: Progress;
  readonly outgoing: readonly Outgoing[];
  readonly events: readonly StoredEvent[];
  readonly unpublishable?:
    | {
        readonly sequenceNumber: number;
        readonly error: Error;
        /** Throttles, lost connections and missing rights park nobody. */
        readonly counts: boolean;
        readonly event?: StoredEvent;
      }
    | undefined;
}

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** Makes plans. @param maxBytes bytes of one request to the bus */
export function createPlanner(options: PlanOptions, maxBytes: number) {
  const { store, eventTypes, source } = options;

  function outgoingOf(event: StoredEvent): Outgoing[] {
    const { entityId, sequenceNumber, eventTime: time, traceHeader } = event;
    const entry = entryOf(source, event, options, maxBytes);
    const notices = (options.noticesOf?.(event) ?? []).map(({ detailType, detail }) => ({
      source,
      detailType,
      detail: JSON.stringify(detail),
      resources: [entityId],
      time,
      traceHeader,
    }));
    return [...(entry ? [entry] : []), ...notices].map((one) => ({ entityId, sequenceNumber, entry: one }));
  }

  /** The events that follow what is published: from the batch when it has them all, else from the store. */
  async function* nextEvents({ entityId, events, upTo }: EntityBatch, published: number): AsyncGenerator<StoredEvent> {
    const delivered = contiguous(events, published + 1, upTo);
    if (delivered) for (const event of delivered) yield upcast(eventTypes, event);
    else yield* store.readEvents(entityId, { fromSequence: published + 1, toSequence: upTo });
  }

  async function planOf(batch: EntityBatch, progress: Progress): Promise<Plan> {
    const outgoing: Outgoing[] = [];
    const events: StoredEvent[] = [];
    let current: StoredEvent | undefined;
    try {
      for await (const event of nextEvents(batch, progress.published)) {
        current = event;
        outgoing.push(...outgoingOf(event));
        events.push(event);
      }
      const next = progress.published + events.length + 1;
      if (next > batch.upTo) return { progress, outgoing, events };
      return {
        progress,
        outgoing,
        events,
        unpublishable: { sequenceNumber: next, error: missingEvent(next), counts: true },
      };
    } catch (error) {
      const sequenceNumber = progress.published + events.length + 1;
      const event = current?.sequenceNumber === sequenceNumber ? current : undefined;
      const counts = event !== undefined || isFaultOfTheEvent(error);
      const fault = { sequenceNumber, error: asError(error), counts, ...(event ? { event } : {}) };
      return { progress, outgoing, events, unpublishable: fault };
    }
  }

  return planOf;
}
