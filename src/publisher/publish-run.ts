import pLimit from "p-limit";
import { asError, describeThrown } from "../event-store/index.ts";
import { type EntityBatch, EntityEvents, type EntityFailure, TimeUpError } from "../stream/index.ts";
import { DEFAULT_MAX_BYTES } from "./bus.ts";
import {
  findProgress,
  type Progress,
  parkProgress,
  readProgressNow,
  startOf,
  writeProgress,
} from "./dynamodb-progress.ts";
import { EVENTS_A_PART, type Plan, planNext } from "./plan.ts";
import type { PublisherOptions, PublishOutcome } from "./publisher.ts";
import { type SendOutcome, sendInOrder } from "./send-in-order.ts";

/** One entity on its way to the end of the batch. */
interface Member {
  readonly batch: EntityBatch;
  readonly events: EntityEvents;
  progress: Progress;
  published: number;
  outcome?: "done" | "skipped" | "parked" | "failed";
  failure?: EntityFailure & { readonly error: Error };
}

interface Planned {
  readonly member: Member;
  readonly plan: Plan;
}

/** Entries that are made before they are sent, about. */
const MAX_PLANNED = 2_000;
/** Characters of their details, about. */
const MAX_CHARACTERS = 8_000_000;
/** Places that are written at the same time. */
const WRITES_AT_ONCE = 16;

/** The events of one batch on their way to the bus: a bounded part at a time, after each of which the place is kept. */
export class PublishRun {
  readonly #options: PublisherOptions;
  readonly #isTimeUp: () => boolean;
  #members: readonly Member[] = [];
  #requests = 0;

  constructor(options: PublisherOptions, isTimeUp: () => boolean) {
    this.#options = options;
    this.#isTimeUp = isTimeUp;
  }

  async run(batches: readonly EntityBatch[]): Promise<PublishOutcome> {
    const ids = batches.map(({ entityId }) => entityId);
    const known = await findProgress(this.#options.table, ids);
    this.#members = await Promise.all(batches.map((batch) => this.#start(batch, known.get(batch.entityId))));
    for (let open = this.#open(); open.length > 0; open = this.#open()) {
      await this.#step(open);
      if (!this.#isTimeUp()) continue;
      for (const member of this.#open()) fail(member, member.progress.published + 1, new TimeUpError());
    }
    return this.#outcome();
  }

  #open(): Member[] {
    return this.#members.filter(({ outcome }) => !outcome);
  }

  #outcome(): PublishOutcome {
    const count = (outcome: Member["outcome"]) => this.#members.filter((member) => member.outcome === outcome).length;
    return {
      published: this.#members.reduce((sum, { published }) => sum + published, 0),
      skipped: count("skipped"),
      parked: count("parked"),
      requests: this.#requests,
      failures: this.#members.flatMap(({ failure }) => failure ?? []),
    };
  }

  async #start(batch: EntityBatch, found: Progress | Error | undefined): Promise<Member> {
    const { entityId, upTo } = batch;
    const events = new EntityEvents({ ...this.#options, eventsARequest: EVENTS_A_PART }, batch);
    const member: Member = { batch, events, progress: startOf(entityId), published: 0 };
    if (found instanceof Error) return fail(member, 1, found);
    if (found) member.progress = found.parked ? await readProgressNow(this.#options.table, entityId) : found;
    if (member.progress.parked) member.outcome = "parked";
    else if (member.progress.published >= upTo) member.outcome = "skipped";
    return member;
  }

  async #step(open: readonly Member[]): Promise<void> {
    const { bus, backOff, attempts = 5, maxBytes = DEFAULT_MAX_BYTES } = this.#options;
    const planned = await this.#plan(open, maxBytes);
    const outgoing = planned.flatMap(({ plan }) => plan.outgoing);
    const outcome = await sendInOrder(outgoing, { bus, maxBytes, attempts, backOff, isTimeUp: this.#isTimeUp });
    this.#requests += outcome.requests;
    const limit = pLimit(WRITES_AT_ONCE);
    await Promise.all(planned.map((one) => limit(() => this.#settle(one, outcome))));
    for (const { member } of planned) if (member.outcome) member.events.release();
  }

  async #plan(open: readonly Member[], maxBytes: number): Promise<Planned[]> {
    const planned: Planned[] = [];
    let entries = 0;
    let characters = 0;
    for (const member of open) {
      if (entries >= MAX_PLANNED || characters >= MAX_CHARACTERS) break;
      const plan = await planNext(this.#options, maxBytes, member);
      entries += plan.outgoing.length + 1;
      characters += plan.outgoing.reduce((sum, { entry }) => sum + entry.detail.length, 0);
      planned.push({ member, plan });
    }
    return planned;
  }

  /** Writes how far the entity is. One that fails stops no other. */
  async #settle({ member, plan }: Planned, outcome: SendOutcome): Promise<void> {
    const published = publishedAfter(plan, outcome);
    try {
      await this.#write(member, { plan, outcome, published });
    } catch (error) {
      fail(member, plan.progress.published + 1, asError(error));
    }
    member.published += published - plan.progress.published;
    if (!member.outcome && member.progress.published >= member.batch.upTo) member.outcome = "done";
  }

  async #write(
    member: Member,
    { plan, outcome, published }: { readonly plan: Plan; readonly outcome: SendOutcome; readonly published: number },
  ): Promise<void> {
    const { table, clock, parkAfter = 5 } = this.#options;
    const { progress } = plan;
    const failure = failureOf(plan, outcome);
    if (!failure) return this.#keep(member, { ...progress, published, failing: undefined });
    const { sequenceNumber, error, counts } = failure;
    if (!counts) {
      // It says nothing about the event: what was noted of it stays.
      if (published > progress.published)
        await this.#keep(member, { ...progress, published, failing: laterThan(published, progress) });
      fail(member, sequenceNumber, error);
      return;
    }
    const tries = progress.failing?.sequenceNumber === sequenceNumber ? progress.failing.attempts : 0;
    const failing = { sequenceNumber, attempts: tries + 1, error: describeThrown(error) };
    const next = { ...progress, published, failing };
    if (failing.attempts < parkAfter) {
      await this.#keep(member, next);
      fail(member, sequenceNumber, error);
      return;
    }
    const event = plan.events.find((one) => one.sequenceNumber === sequenceNumber) ?? plan.unpublishable?.event;
    await parkProgress(table, next, { event, parkedAt: clock().toISOString() });
    member.outcome = "parked";
  }

  /** Another invocation may have moved the entity: it goes on from there then. */
  async #keep(member: Member, next: Progress): Promise<void> {
    const isKept = await writeProgress(this.#options.table, next);
    member.progress = isKept
      ? { ...next, revision: next.revision + 1 }
      : await readProgressNow(this.#options.table, next.entityId);
    if (member.progress.parked) member.outcome = "parked";
  }
}

function fail(member: Member, fromSequence: number, error: Error): Member {
  const { entityId } = member.batch;
  return Object.assign(member, { outcome: "failed" as const, failure: { entityId, fromSequence, error } });
}

/** An event that leaves no entry counts as published once everything before it is. */
function publishedAfter({ progress, events, outgoing }: Plan, { sent, failures }: SendOutcome): number {
  const failedAt = failures.get(progress.entityId)?.fromSequence;
  if (failedAt !== undefined) return Math.max(progress.published, failedAt - 1);
  const last = events.at(-1)?.sequenceNumber ?? progress.published;
  return outgoing.length === 0 ? last : Math.max(last, sent.get(progress.entityId) ?? 0);
}

function failureOf(plan: Plan, { failures }: SendOutcome) {
  const failure = failures.get(plan.progress.entityId);
  if (failure) return { sequenceNumber: failure.fromSequence, error: failure.error, counts: failure.isRefused };
  return plan.unpublishable;
}

const laterThan = (published: number, { failing }: Progress): Progress["failing"] =>
  failing && failing.sequenceNumber > published ? failing : undefined;
