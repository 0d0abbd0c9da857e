import { type EntityBatch, type EntityFailure, findParked, removeParked } from "../stream/index.ts";
import { type Bus, DEFAULT_MAX_BYTES } from "./bus.ts";
import {
  type Progress,
  type ProgressTable,
  parkedKeyOf,
  parkProgress,
  readProgress,
  readProgressNow,
  writeProgress,
} from "./dynamodb-progress.ts";
import { asError, createPlanner, type Plan, type PlanOptions } from "./plan.ts";
import { type SendFailure, type SendOutcome, sendInOrder } from "./send-in-order.ts";

export interface PublisherOptions extends PlanOptions {
  readonly bus: Bus;
  readonly on: ProgressTable;
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

/** Puts the events of a batch on the bus, each entity's in order, and keeps how far each entity is. */
export function createPublisher(options: PublisherOptions): Publisher {
  const { bus, store, on, backOff, clock } = options;
  const { attempts = 5, maxBytes = DEFAULT_MAX_BYTES, parkAfter = 5 } = options;
  const planOf = createPlanner(options, maxBytes);

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
    const parked = await findParked(on, parkedKeyOf(entityId));
    if (!parked) throw new NotParkedError(entityId);
    const { failing: _, ...progress } = await readProgressNow(on, entityId);
    const published = skip ? Math.max(progress.published, parked.sequenceNumber) : progress.published;
    if (!(await writeProgress(on, { ...progress, published, parked: false })))
      throw new Error(`${entityId} was moved by another process just now; look at it and try again`);
    let upTo = 0;
    for await (const event of store.readEvents(entityId, { direction: "backward", limit: 1 }))
      upTo = event.sequenceNumber;
    const outcome = await publish([{ entityId, upTo, events: [] }]);
    if (outcome.failures.length === 0 && outcome.parked === 0) await removeParked(on, parkedKeyOf(entityId), parked);
    return outcome;
  }

  return { publish, retry };
}
