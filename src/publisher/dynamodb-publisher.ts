import { type EventStore, type EventTypes, isFaultOfTheEvent, type StoredEvent, upcast } from "../event-store/index.ts";
import { contiguous, type EntityBatch, type EntityFailure } from "../stream/index.ts";
import { type Bus, type BusEntry, DEFAULT_MAX_BYTES, entrySize } from "./bus.ts";
import {
  type Progress,
  type ProgressTable,
  parkProgress,
  readParkedNote,
  readProgress,
  readProgressNow,
  removeParkedNote,
  writeProgress,
} from "./dynamodb-progress.ts";
import { claimCheckOf, type EnvelopeOptions, envelopeOf } from "./envelope.ts";
import { type Outgoing, type SendFailure, type SendOutcome, sendInOrder } from "./send-in-order.ts";

/** A message of the service to itself that goes out behind an event: `SnapshotDue`. */
export interface Notice {
  readonly detailType: string;
  readonly detail: object;
}

export interface PublisherOptions extends EnvelopeOptions {
  readonly bus: Bus;
  readonly store: EventStore;
  readonly on: ProgressTable;
  readonly eventTypes: EventTypes;
  /** The `source` of everything published: the service's name. */
  readonly source: string;
  /** Notices that an event gives rise to. Default: none. */
  readonly noticesOf?: (event: StoredEvent) => readonly Notice[];
  /** Bytes of one request to the bus. Default 1 MB. */
  readonly maxBytes?: number | undefined;
  /** How often an entry is sent in one batch. Default 5. */
  readonly attempts?: number;
  /** Batches in which an event is refused before its entity is parked. Default 5. */
  readonly parkAfter?: number;
  readonly backOff: (round: number) => Promise<void>;
  readonly clock: () => Date;
}

export interface PublishOutcome {
  readonly published: number;
  readonly skipped: number;
  readonly parked: number;
  readonly requests: number;
  readonly failures: readonly (EntityFailure & { readonly error: Error })[];
}

export interface Publisher {
  /** @param isTimeUp tells when what is left is better left to the next delivery */
  publish(batches: readonly EntityBatch[], isTimeUp?: () => boolean): Promise<PublishOutcome>;
  /**
   * Publishes on from where a parked entity waits, after a fix. `skip` passes the refused event by. The
   * entity is listed as parked until it has caught up.
   *
   * @throws {NotParkedError}
   */
  retry(entityId: string, skip?: boolean): Promise<PublishOutcome>;
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
interface Plan {
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

interface Settled {
  readonly failed?: EntityFailure & { readonly error: Error };
  readonly parked: boolean;
}

/** There is no such entity parked in the publisher. */
export class NotParkedError extends Error {
  readonly code = "NOT_PARKED";
  constructor(entityId: string) {
    super(`${entityId} is not parked in the publisher`);
    this.name = "NotParkedError";
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** Puts the events of a batch on the bus, each entity's in order, and keeps how far each entity is. */
export function createPublisher(options: PublisherOptions): Publisher {
  const { bus, store, on, eventTypes, source, backOff, clock } = options;
  const { attempts = 5, maxBytes = DEFAULT_MAX_BYTES, parkAfter = 5 } = options;

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
      const error = new Error(`event ${next} is not in the store, though a record told of it or of a later one`);
      return { progress, outgoing, events, unpublishable: { sequenceNumber: next, error, counts: true } };
    } catch (error) {
      const sequenceNumber = progress.published + events.length + 1;
      const event = current?.sequenceNumber === sequenceNumber ? current : undefined;
      const counts = event !== undefined || isFaultOfTheEvent(error);
      const fault = { sequenceNumber, error: asError(error), counts, ...(event ? { event } : {}) };
      return { progress, outgoing, events, unpublishable: fault };
    }
  }

  /** An event that leaves no entry counts as published once everything before it is. */
  function publishedAfter({ progress, events, outgoing }: Plan, { sent, failures }: SendOutcome): number {
    const failedAt = failures.get(progress.entityId)?.fromSequence;
    if (failedAt !== undefined) return Math.max(progress.published, failedAt - 1);
    const last = events.at(-1)?.sequenceNumber ?? progress.published;
    return outgoing.length === 0 ? last : Math.max(last, sent.get(progress.entityId) ?? 0);
  }

  function failureOf(plan: Plan, failure: SendFailure | undefined) {
    if (failure) return { sequenceNumber: failure.fromSequence, error: failure.error, counts: failure.isRefused };
    return plan.unpublishable;
  }

  /** Writes how far the entity is; answers with what has to come again. One that fails stops no other. */
  async function settle(plan: Plan, outcome: SendOutcome): Promise<Settled> {
    const { entityId, published } = plan.progress;
    return write(plan, outcome).catch((error: unknown) => ({
      failed: { entityId, fromSequence: published + 1, error: asError(error) },
      parked: false,
    }));
  }

  async function write(plan: Plan, outcome: SendOutcome): Promise<Settled> {
    const { progress } = plan;
    const { entityId } = progress;
    const published = publishedAfter(plan, outcome);
    const failure = failureOf(plan, outcome.failures.get(entityId));
    if (!failure) {
      await writeProgress(on, { ...progress, published, failing: undefined });
      return { parked: false };
    }
    const { sequenceNumber, error, counts } = failure;
    const before = progress.failing?.sequenceNumber === sequenceNumber ? progress.failing.attempts : 0;
    const failing = {
      sequenceNumber,
      attempts: before + (counts ? 1 : 0),
      error: (error.stack ?? error.message).slice(0, 8_000),
    };
    const next = { ...progress, published, failing };
    if (failing.attempts >= parkAfter) {
      const event = plan.events.find((one) => one.sequenceNumber === sequenceNumber) ?? plan.unpublishable?.event;
      await parkProgress(on, next, { event, parkedAt: clock().toISOString() });
      return { parked: true };
    }
    await writeProgress(on, next);
    return { failed: { entityId, fromSequence: sequenceNumber, error }, parked: false };
  }

  async function publish(batches: readonly EntityBatch[], isTimeUp = () => false): Promise<PublishOutcome> {
    const known = await readProgress(
      on,
      batches.map(({ entityId }) => entityId),
    );
    const plans: Plan[] = [];
    let skipped = 0;
    let parked = 0;
    for (const batch of batches) {
      let progress = known.get(batch.entityId) as Progress;
      if (progress.parked) progress = await readProgressNow(on, batch.entityId);
      if (progress.parked) parked += 1;
      else if (progress.published >= batch.upTo) skipped += 1;
      else plans.push(await planOf(batch, progress));
    }
    const outcome = await sendInOrder(
      plans.flatMap(({ outgoing }) => outgoing),
      { bus, maxBytes, attempts, backOff, isTimeUp },
    );
    const settled = await Promise.all(plans.map((plan) => settle(plan, outcome)));
    const published = plans.reduce((sum, plan) => sum + publishedAfter(plan, outcome) - plan.progress.published, 0);
    parked += settled.filter((one) => one.parked).length;
    return {
      published,
      skipped,
      parked,
      requests: outcome.requests,
      failures: settled.flatMap(({ failed }) => failed ?? []),
    };
  }

  async function retry(entityId: string, skip = false): Promise<PublishOutcome> {
    const parked = await readParkedNote(on, entityId);
    if (!parked) throw new NotParkedError(entityId);
    const { failing: _, ...progress } = await readProgressNow(on, entityId);
    const published = skip ? Math.max(progress.published, parked.sequenceNumber) : progress.published;
    if (!(await writeProgress(on, { ...progress, published, parked: false })))
      throw new Error(`${entityId} was moved by another process just now; look at it and try again`);
    let upTo = 0;
    for await (const event of store.readEvents(entityId, { direction: "backward", limit: 1 }))
      upTo = event.sequenceNumber;
    const outcome = await publish([{ entityId, upTo, events: [] }]);
    if (outcome.failures.length === 0 && outcome.parked === 0) await removeParkedNote(on, parked);
    return outcome;
  }

  return { publish, retry };
}
