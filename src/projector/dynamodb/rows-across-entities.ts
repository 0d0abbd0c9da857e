import { TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { isRefusedContent, REQUEST_ATTEMPTS, whileTransient } from "../../event-store/dynamodb/index.ts";
import { asError, type StoredEvent } from "../../event-store/index.ts";
import {
  type EntityBatch,
  EntityEvents,
  EventHandlingError,
  type NextEvents,
  type Poison,
  TimeUpError,
} from "../../stream/index.ts";
import { poisonOf } from "../fold-events.ts";
import { type Position, positionAfter } from "../position.ts";
import { type EntityContext, type EntityOutcome, parkOrFail } from "./entity-outcome.ts";
import { readPositionNow } from "./positions.ts";
import { readSharedRowsAhead } from "./read-shared-rows-ahead.ts";
import { RowsCache, TransactionRows } from "./shared-rows.ts";
import {
  type Attempt,
  MAX_ACTIONS,
  type Member,
  racedSteps,
  type Share,
  type SharedTarget,
  stepsOf,
} from "./shared-transaction.ts";
import { takeAll } from "./take-shared-events.ts";

/** Characters of events read from the store that are held for one transaction, about. */
const MAX_HELD = 4_000_000;
/** Transactions in a row that others were faster than. */
const MAX_RACES = 200;

/**
 * Brings entities that change the same rows up to a batch: their events one after another, the rows that they
 * change and all their checkpoints in as few transactions as fit. An event that cannot be taken ends its own
 * entity's way; when a transaction is refused for what it contains, smaller ones find the event that is to blame.
 */
export class SharedRun {
  readonly #context: EntityContext;
  readonly #target: SharedTarget;
  readonly #members: readonly Member[];
  readonly #cache: RowsCache;
  /** Events that a transaction may hold at most. */
  #most = Number.POSITIVE_INFINITY;
  #races = 0;

  constructor(
    context: EntityContext,
    target: SharedTarget,
    entities: readonly { readonly batch: EntityBatch; readonly position: Position }[],
  ) {
    this.#context = context;
    this.#target = target;
    this.#cache = new RowsCache(context.table, target.generation);
    this.#members = entities.map(({ batch, position }) => ({
      batch,
      events: new EntityEvents(context, batch),
      start: position,
      position,
      isFresh: false,
      applied: 0,
    }));
  }

  async run(): Promise<EntityOutcome[]> {
    try {
      for (let open = await this.#open(); open.length > 0; open = await this.#open()) {
        if (this.#context.isTimeUp()) throw new TimeUpError();
        await this.#step(open);
      }
    } catch (error) {
      for (const member of this.#members)
        member.outcome ??= this.#failed(member, member.position.checkpoint + 1, error);
    }
    return this.#members.flatMap(({ outcome }) => outcome ?? []);
  }

  /** The entities that are not at the end of the batch. */
  async #open(): Promise<Member[]> {
    for (const member of this.#members) {
      if (member.outcome) continue;
      if (member.position.parked && !member.isFresh) await this.#readAgain(member);
      if (member.outcome) continue;
      if (member.position.parked) this.#end(member, { ...this.#countsOf(member), parked: true });
      else if (member.position.checkpoint >= member.batch.upTo) this.#end(member, this.#countsOf(member));
    }
    return this.#members.filter(({ outcome }) => !outcome);
  }

  async #step(open: readonly Member[]): Promise<void> {
    const attempt = await this.#fill(open);
    const outcome = attempt.shares.length === 0 ? "stored" : await this.#commit(attempt);
    if (outcome === "raced") return this.#lostRace();
    if (outcome === "refused") return;
    this.#races = 0;
    this.#most *= 2;
    if (attempt.poisoned) await this.#settlePoison(attempt.poisoned);
  }

  /** Takes events into one transaction until it is full, an event fails, or there are no more. */
  async #fill(open: readonly Member[]): Promise<Attempt> {
    const rows = new TransactionRows(this.#context.table, this.#cache);
    const shares: Share[] = [];
    let events = 0;
    let last: StoredEvent | undefined;
    let held = 0;
    await readSharedRowsAhead(this.#cache, this.#target, { open, most: this.#most });
    for (const member of open) {
      if (rows.size + shares.length + 1 >= MAX_ACTIONS || events >= this.#most) break;
      const next = await this.#nextOf(member);
      held += member.events.held;
      const room = MAX_ACTIONS - shares.length - 1;
      const took = await takeAll(this.#target.projection, rows, {
        events: next.events.slice(0, Math.max(1, this.#most - events)),
        room,
      });
      const taken = took.taken.at(-1);
      if (taken) {
        const after = positionAfter(member.position, taken);
        shares.push({ member, after, applied: took.applied });
        events += took.taken.length;
        last = taken;
      }
      const isAtEnd = took.taken.length === next.events.length;
      const poison = took.poison ?? (isAtEnd ? next.unreadable : undefined);
      if (poison) return { rows, shares, events, last, poisoned: { member, poison } };
      if (took.isFull || held > MAX_HELD) break;
    }
    return { rows, shares, events, last, poisoned: undefined };
  }

  /** None when the store does not answer: that ends its own entity's way. */
  async #nextOf(member: Member): Promise<NextEvents> {
    try {
      return await member.events.next(member.position.checkpoint);
    } catch (error) {
      this.#end(member, this.#failed(member, member.position.checkpoint + 1, error));
      return { events: [], unreadable: undefined };
    }
  }

  /** One transaction: "raced" when somebody else changed a row or moved an entity, "refused" when its content is to blame. */
  async #commit(attempt: Attempt): Promise<"stored" | "raced" | "refused"> {
    const { rows, shares } = attempt;
    let steps: ReturnType<typeof stepsOf>;
    try {
      steps = stepsOf(this.#context.table, this.#target, attempt);
    } catch (error) {
      if (!(error instanceof EventHandlingError)) throw error;
      return this.#refused(attempt, error);
    }
    const transact = new TransactWriteItemsCommand({ TransactItems: [...steps] });
    try {
      await whileTransient(REQUEST_ATTEMPTS, () => this.#context.table.client.send(transact));
    } catch (error) {
      if (await this.#hasRaced(attempt, error)) return "raced";
      if (isRefusedContent(error)) return this.#refused(attempt, error);
      throw error;
    }
    rows.commit();
    for (const { member, after, applied } of shares) {
      member.position = { ...after, revision: member.position.revision + 1 };
      member.isFresh = true;
      member.applied += applied;
    }
    return "stored";
  }

  /** Half of the events are tried next; one that is refused alone is to blame. */
  async #refused({ events, last, shares }: Attempt, error: unknown): Promise<"refused"> {
    const [share] = shares;
    if (events > 1 || !share || !last) {
      this.#most = Math.floor(events / 2);
      return "refused";
    }
    this.#most = 1;
    const cause = error instanceof EventHandlingError ? error : new EventHandlingError(last, "storing its rows", error);
    await this.#settlePoison({ member: share.member, poison: poisonOf(last, cause) });
    return "refused";
  }

  /** A position that may be a moment old is read again first: the event may be behind it. */
  async #settlePoison({ member, poison }: { member: Member; poison: Poison }): Promise<void> {
    if (!member.isFresh) return this.#readAgain(member);
    try {
      const settled = await parkOrFail(this.#context, this.#target, { position: member.position, poison });
      if (settled === "parked") this.#end(member, { ...this.#countsOf(member), parked: true });
      else if (settled === "failed") this.#end(member, this.#failed(member, poison.sequenceNumber, poison.error));
      else await this.#readAgain(member);
    } catch (error) {
      this.#end(member, this.#failed(member, poison.sequenceNumber, error));
    }
  }

  #end(member: Member, outcome: EntityOutcome): void {
    member.outcome = outcome;
    member.events.release();
  }

  /** What others have changed is read again. */
  async #hasRaced({ rows, shares }: Attempt, error: unknown): Promise<boolean> {
    const lost = racedSteps(error);
    if (lost.length === 0) return false;
    for (const index of lost) {
      const share = shares[index - rows.size];
      if (share) await this.#readAgain(share.member);
      else rows.forget(index);
    }
    return true;
  }

  async #lostRace(): Promise<void> {
    this.#races += 1;
    if (this.#races > MAX_RACES)
      throw new Error(`${this.#target.generation.name}: conflicted with other writers ${MAX_RACES} times in a row`);
    await this.#context.pause(this.#races);
  }

  /** One that cannot be read ends its own entity's way. */
  async #readAgain(member: Member): Promise<void> {
    const { projection, generation } = this.#target;
    try {
      member.position = await readPositionNow(this.#context.table, projection, {
        generation,
        entityId: member.batch.entityId,
      });
      member.isFresh = true;
    } catch (error) {
      this.#end(member, this.#failed(member, member.position.checkpoint + 1, error));
    }
  }

  #countsOf({ batch, start, applied, events }: Member): EntityOutcome {
    const skipped = batch.events.filter(({ sequenceNumber }) => sequenceNumber <= start.checkpoint).length;
    return { entityId: batch.entityId, applied, skipped, repaired: events.repaired, parked: false };
  }

  #failed(member: Member, failedAt: number, error: unknown): EntityOutcome {
    return { ...this.#countsOf(member), failedAt: Math.min(failedAt, member.batch.upTo), error: asError(error) };
  }
}
