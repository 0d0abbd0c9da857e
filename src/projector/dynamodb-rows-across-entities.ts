import { type TransactionCanceledException, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { asError, isRefusedContent, itemSize, type StoredEvent, whileTransient } from "../event-store/index.ts";
import {
  type EntityBatch,
  EntityEvents,
  EventHandlingError,
  forEvent,
  forEventAsync,
  type NextEvents,
  type Poison,
  TimeUpError,
} from "../stream/index.ts";
import { type RowKey, type RowsAcrossEntities, takesEvent } from "./definition.ts";
import { ATTEMPTS, movePosition, type PutStep, readPositionNow } from "./dynamodb-positions.ts";
import { sharedRowKey, type TableKey } from "./dynamodb-read-model-keys.ts";
import { type RowStep, RowsCache, TransactionRows, textOf } from "./dynamodb-shared-rows.ts";
import { type EntityContext, type EntityOutcome, parkOrFail } from "./entity-outcome.ts";
import { poisonOf } from "./fold-events.ts";
import { type Position, positionAfter } from "./position.ts";
import type { Target } from "./target.ts";

/** DynamoDB's limits of one transaction: actions, and bytes (4 MB, of which some is left for what is counted besides). */
const MAX_ACTIONS = 100;
const MAX_BYTES = 4_000_000;
/** Keys that are read ahead together: DynamoDB's limit of one BatchGetItem. */
const MAX_AHEAD = 100;
/** Characters of events read from the store that are held for one transaction, about. */
const MAX_HELD = 4_000_000;
/** Transactions in a row that others were faster than. */
const MAX_RACES = 200;

/** One entity on its way to the end of the batch. */
interface Member {
  readonly batch: EntityBatch;
  readonly events: EntityEvents;
  readonly start: Position;
  position: Position;
  /** The position was read strongly, or written, by this run. */
  isFresh: boolean;
  applied: number;
  outcome?: EntityOutcome;
}

/** What an entity has in the transaction at hand. */
interface Share {
  readonly member: Member;
  readonly after: Position;
  readonly applied: number;
  readonly events: number;
}

interface Attempt {
  readonly rows: TransactionRows;
  readonly shares: Share[];
  readonly events: number;
  /** The last event that was taken. */
  readonly last: StoredEvent | undefined;
  readonly poisoned: { readonly member: Member; readonly poison: Poison } | undefined;
}

/** What came of taking the events of one entity into a transaction. */
interface Taking {
  readonly taken: readonly StoredEvent[];
  readonly applied: number;
  readonly poison: Poison | undefined;
  readonly isFull: boolean;
}

type Step = RowStep | { readonly Put: PutStep };

/**
 * Brings entities that change the same rows up to a batch: their events one after another, the rows that they
 * change and all their checkpoints in as few transactions as fit. An event that cannot be taken ends its own
 * entity's way; when a transaction is refused for what it contains, smaller ones find the event that is to blame.
 */
export class SharedRun {
  readonly #context: EntityContext;
  readonly #target: Target<RowsAcrossEntities<unknown>>;
  readonly #members: readonly Member[];
  readonly #cache: RowsCache;
  /** Events that a transaction may hold at most. */
  #most = Number.POSITIVE_INFINITY;
  #races = 0;

  constructor(
    context: EntityContext,
    target: Target<RowsAcrossEntities<unknown>>,
    entities: readonly { readonly batch: EntityBatch; readonly position: Position }[],
  ) {
    this.#context = context;
    this.#target = target;
    this.#cache = new RowsCache(context.on, target.of);
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
    const rows = new TransactionRows(this.#context.on, this.#cache);
    const shares: Share[] = [];
    let events = 0;
    let last: StoredEvent | undefined;
    let held = 0;
    await this.#readAhead(open);
    for (const member of open) {
      if (rows.size + shares.length + 1 >= MAX_ACTIONS || events >= this.#most) break;
      const next = await this.#nextOf(member);
      held += member.events.held;
      const room = MAX_ACTIONS - shares.length - 1;
      const took = await this.#takeAll(rows, next.events.slice(0, Math.max(1, this.#most - events)), room);
      const taken = took.taken.at(-1);
      if (taken) {
        const after = positionAfter(member.position, taken);
        shares.push({ member, after, applied: took.applied, events: took.taken.length });
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

  /** @param room rows that the transaction may touch in all */
  async #takeAll(rows: TransactionRows, events: readonly StoredEvent[], room: number): Promise<Taking> {
    const taken: StoredEvent[] = [];
    let applied = 0;
    for (const event of events) {
      const isAlone = rows.size === 0 && room === MAX_ACTIONS - 1;
      const took = await this.#tryTake(rows, event);
      const touched = rows.size;
      const poison =
        took.poison ?? (touched > room && isAlone ? poisonOf(event, tooManyRows(event, touched)) : undefined);
      if (poison || touched > room) {
        rows.undo();
        return { taken, applied, poison, isFull: true };
      }
      rows.keep();
      taken.push(event);
      applied += took.applied;
    }
    return { taken, applied, poison: undefined, isFull: false };
  }

  /** @throws what a read of a row met that is nobody's fault */
  async #tryTake(rows: TransactionRows, event: StoredEvent): Promise<{ applied: number; poison?: Poison }> {
    const { projection } = this.#target;
    if (!takesEvent(projection, event)) return { applied: 0 };
    try {
      await forEventAsync(event, `change of ${projection.name}`, () => projection.change(event, rows));
      if (!rows.systemFault) return { applied: 1 };
    } catch (error) {
      if (!rows.systemFault && error instanceof EventHandlingError)
        return { applied: 0, poison: poisonOf(event, error) };
      if (!rows.systemFault) throw error;
    }
    rows.undo();
    throw rows.systemFault.error;
  }

  /** Reads together what the next events are known to need. */
  async #readAhead(open: readonly Member[]): Promise<void> {
    const { projection, of } = this.#target;
    const keys = new Map<string, TableKey>();
    for (const event of eventsAhead(open.slice(0, MAX_ACTIONS), this.#most)) {
      if (keys.size >= MAX_AHEAD) break;
      if (!takesEvent(projection, event)) continue;
      for (const key of neededKeys(projection, of, event)) if (!this.#cache.has(key)) keys.set(textOf(key), key);
    }
    if (keys.size > 0) await this.#cache.readAhead([...keys.values()].slice(0, MAX_AHEAD));
  }

  /** One transaction: "raced" when somebody else changed a row or moved an entity, "refused" when its content is to blame. */
  async #commit(attempt: Attempt): Promise<"stored" | "raced" | "refused"> {
    const { rows, shares } = attempt;
    let steps: readonly Step[];
    try {
      steps = this.#steps(attempt);
    } catch (error) {
      if (!(error instanceof EventHandlingError)) throw error;
      return this.#refused(attempt, error);
    }
    const transact = new TransactWriteItemsCommand({ TransactItems: [...steps] });
    try {
      await whileTransient(ATTEMPTS, () => this.#context.on.client.send(transact));
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

  /** @throws {EventHandlingError} when a row cannot be encoded, or all of them are too large together */
  #steps({ rows, shares, last }: Attempt): readonly Step[] {
    const { on } = this.#context;
    if (!last) return [];
    return forEvent(last, `storing the rows of ${this.#target.projection.name}`, () => {
      const steps: Step[] = [
        ...rows.steps(),
        ...shares.map(({ member, after }) => ({
          Put: movePosition(on, this.#target, { before: member.position, after }),
        })),
      ];
      const bytes = steps.reduce((sum, step) => sum + ("Put" in step ? itemSize(step.Put.Item) : 0), 0);
      if (bytes > MAX_BYTES)
        throw new Error(`the rows of one transaction are ${bytes} bytes, at most ${MAX_BYTES} fit`);
      return steps;
    });
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
      const settled = await parkOrFail(this.#context, this.#target, member.position, poison);
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
      throw new Error(`${this.#target.of.name}: others were faster ${MAX_RACES} times in a row`);
    await this.#context.pause(this.#races);
  }

  /** One that cannot be read ends its own entity's way. */
  async #readAgain(member: Member): Promise<void> {
    const { projection, of } = this.#target;
    try {
      member.position = await readPositionNow(this.#context.on, projection, of, member.batch.entityId);
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

/** Events of the batch that come next, without asking the store. */
function* eventsAhead(members: readonly Member[], most: number): Generator<StoredEvent> {
  let count = 0;
  for (const { events, position } of members)
    for (const event of events.peek(position.checkpoint)?.events ?? []) {
      if (count >= most) return;
      count += 1;
      yield event;
    }
}

/** Keys that cannot be made are left to `change`, which is blamed for them. */
function neededKeys(
  projection: RowsAcrossEntities<unknown>,
  of: Target["of"],
  event: StoredEvent,
): readonly TableKey[] {
  try {
    const needed = forEvent(event, `needs of ${projection.name}`, () => projection.needs?.(event) ?? []);
    return needed.map((at: RowKey) => sharedRowKey(of, at));
  } catch {
    return [];
  }
}

const tooManyRows = (event: StoredEvent, rows: number): EventHandlingError =>
  new EventHandlingError(
    event,
    "storing its rows",
    new Error(`it touches ${rows} rows, at most ${MAX_ACTIONS - 1} fit`),
  );

/** A transaction that others were faster than, by the code of each of its steps. */
const RACED = new Set(["ConditionalCheckFailed", "TransactionConflict"]);

function racedSteps(error: unknown): number[] {
  const { name, CancellationReasons: reasons = [] } = (error ?? {}) as Partial<TransactionCanceledException>;
  if (name !== "TransactionCanceledException") return [];
  return reasons.flatMap(({ Code }, index) => (RACED.has(Code ?? "") ? [index] : []));
}
