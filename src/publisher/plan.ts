import { asError, type EventStore, type EventTypeLookup, type StoredEvent } from "../event-store/index.ts";
import { type EntityEvents, EventHandlingError, forEvent, type NextEvents, type Poison } from "../stream/index.ts";
import { type BusEntry, entrySize } from "./bus.ts";
import type { Progress } from "./dynamodb-progress.ts";
import { claimCheckOf, type EnvelopeOptions, envelopeOf } from "./envelope.ts";
import type { Outgoing } from "./send-in-order.ts";

/** A message of the service to itself that goes out behind an event: `SnapshotDue`. */
export interface SnapshotRequest {
  readonly detailType: string;
  readonly detail: object;
}

export interface PlanOptions extends EnvelopeOptions {
  readonly store: EventStore;
  readonly eventTypes: EventTypeLookup;
  /** The `source` of everything published: the service's name. */
  readonly source: string;
  /** Snapshot requests that an event causes. Default: none. */
  readonly snapshotRequestsOf?: (event: StoredEvent) => readonly SnapshotRequest[];
}

/** What is to be sent of one entity next, up to the first event that no entry can be made of. */
export interface Plan {
  readonly progress: Progress;
  readonly outgoing: readonly Outgoing[];
  readonly events: readonly StoredEvent[];
  /** Of `unpublishable`, what the store did not answer says nothing about the event, and parks no entity. */
  readonly unpublishable?: (Poison & { readonly counts: boolean }) | undefined;
}

/** The next part of an entity's events as entries. @param maxBytes bytes of one request to the bus */
export async function planNext(
  options: PlanOptions,
  maxBytes: number,
  { events, progress }: { readonly events: EntityEvents; readonly progress: Progress },
): Promise<Plan> {
  const next = await events.next(progress.published).catch(asError);
  if (next instanceof Error) {
    const unpublishable = { sequenceNumber: progress.published + 1, error: next, counts: false };
    return { progress, outgoing: [], events: [], unpublishable };
  }
  const part = next.events.slice(0, EVENTS_A_PART);
  const unreadable = part.length === next.events.length ? next.unreadable : undefined;
  return planOf(options, maxBytes, { progress, next: { events: part, unreadable } });
}

/** Events of one entity that are read, and sent, before its place is kept: sending takes a request an event. */
export const EVENTS_A_PART = 100;

function planOf(
  options: PlanOptions,
  maxBytes: number,
  { progress, next }: { readonly progress: Progress; readonly next: NextEvents },
): Plan {
  const outgoing: Outgoing[] = [];
  for (const [index, event] of next.events.entries()) {
    try {
      outgoing.push(...outgoingOf(options, maxBytes, event));
    } catch (error) {
      if (!(error instanceof EventHandlingError)) throw error;
      const unpublishable = { sequenceNumber: event.sequenceNumber, error, event, counts: true };
      return { progress, outgoing, events: next.events.slice(0, index), unpublishable };
    }
  }
  const unpublishable = next.unreadable && { ...next.unreadable, counts: true };
  return { progress, outgoing, events: next.events, unpublishable };
}

/** @throws {EventHandlingError} */
function outgoingOf(options: PlanOptions, maxBytes: number, event: StoredEvent): Outgoing[] {
  const { entityId, sequenceNumber, eventTime: time, traceHeader } = event;
  const entry = forEvent(event, "its published form", () => entryOf(options, maxBytes, event));
  const given = forEvent(event, "its snapshot request", () => options.snapshotRequestsOf?.(event) ?? []);
  const requests = forEvent(event, "its snapshot request", () =>
    given.map(({ detailType, detail }): BusEntry => {
      const shared = { source: options.source, resources: [entityId], time, traceHeader };
      return { ...shared, detailType, detail: JSON.stringify(detail) };
    }),
  );
  return [...(entry ? [entry] : []), ...requests].map((one) => ({ entityId, sequenceNumber, entry: one }));
}

function entryOf(options: PlanOptions, maxBytes: number, event: StoredEvent): BusEntry | undefined {
  const { entityId, eventTime: time, traceHeader } = event;
  if (Number.isNaN(Date.parse(time))) throw new TypeError(`eventTime: expected an ISO 8601 time, got ${time}`);
  const envelope = envelopeOf(event, options);
  if (!envelope) return undefined;
  if (JSON.stringify(envelope.data) === undefined) throw new TypeError("its published data has no JSON form");
  const shared = { source: options.source, detailType: envelope.eventType, resources: [entityId], time, traceHeader };
  const whole: BusEntry = { ...shared, detail: JSON.stringify(envelope) };
  return entrySize(whole) <= maxBytes ? whole : { ...shared, detail: JSON.stringify(claimCheckOf(envelope)) };
}
