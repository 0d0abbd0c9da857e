import type { RowPerEntity, RowPerEvent } from "../../definition/projection.ts";
import { isRefusedContent } from "../../event-store/dynamodb/index.ts";
import { asError, type StoredEvent } from "../../event-store/index.ts";
import { type EntityBatch, EntityEvents, EventHandlingError, type Poison, TimeUpError } from "../../stream/index.ts";
import { poisonOf } from "../fold-events.ts";
import type { Position } from "../position.ts";
import type { Target, WriteRequest, Written } from "../target.ts";
import { type EntityContext, type EntityOutcome, parkOrFail } from "./entity-outcome.ts";
import { readPositionNow } from "./positions.ts";
import { writeRowPerEntity } from "./row-per-entity.ts";
import { writeRowPerEvent } from "./row-per-event.ts";

/** A projection whose entities do not share rows. */
type SeparateTarget = Target<RowPerEntity<unknown> | RowPerEvent<unknown>>;

/**
 * Brings one entity of one projection up to the batch. Duplicates are skipped, gaps are read from the store a
 * part at a time, each of which moves the checkpoint; a lost race is started again from the position that won it.
 * An entity whose event fails too often is parked.
 */
export function projectEntity(
  context: EntityContext,
  target: SeparateTarget,
  { batch, start }: { readonly batch: EntityBatch; readonly start: Position },
): Promise<EntityOutcome> {
  return new EntityRun(context, target, { batch, start }).run();
}

const MAX_RACES = 50;

/** One entity of one projection on its way to the end of a batch. */
class EntityRun {
  readonly #context: EntityContext;
  readonly #target: SeparateTarget;
  readonly #batch: EntityBatch;
  readonly #events: EntityEvents;
  #position: Position;
  #isFresh = false;
  /** Events that are written at a time, at most. */
  #most = Number.POSITIVE_INFINITY;
  #races = 0;
  #applied = 0;

  constructor(
    context: EntityContext,
    target: SeparateTarget,
    { batch, start }: { readonly batch: EntityBatch; readonly start: Position },
  ) {
    this.#context = context;
    this.#target = target;
    this.#batch = batch;
    this.#events = new EntityEvents(context, batch);
    this.#position = start;
  }

  async run(): Promise<EntityOutcome> {
    const start = this.#position;
    try {
      return { ...(await this.#runOn()), ...this.#countsFrom(start) };
    } catch (error) {
      return {
        ...this.#countsFrom(start),
        parked: false,
        failedAt: Math.min(this.#position.checkpoint + 1, this.#batch.upTo),
        error: asError(error),
      };
    }
  }

  async #runOn(): Promise<Ending> {
    for (;;) {
      if (this.#position.parked && !this.#isFresh) await this.#readAgain();
      if (this.#position.parked) return { parked: true };
      if (this.#position.checkpoint >= this.#batch.upTo) return { parked: false };
      if (this.#context.isTimeUp()) throw new TimeUpError();
      const poison = await this.#step();
      const ending = poison && (await this.#settle(poison));
      if (ending) return ending;
    }
  }

  /** Undefined when others have moved the entity: it goes on from there. */
  async #settle(poison: Poison): Promise<Ending | undefined> {
    // A position that may be a moment old is read again first: the event may be behind it.
    if (!this.#isFresh) {
      await this.#readAgain();
      return undefined;
    }
    const settled = await parkOrFail(this.#context, this.#target, { position: this.#position, poison });
    if (settled === "parked") return { parked: true };
    if (settled === "raced") return this.#lostRace();
    return { parked: false, failedAt: poison.sequenceNumber, error: poison.error };
  }

  /** Returns the event that failed, when one did. */
  async #step(): Promise<Poison | undefined> {
    const { events, unreadable } = await this.#events.next(this.#position.checkpoint);
    if (events.length === 0) return unreadable;
    const written = await this.#write(events.slice(0, this.#most));
    if (written.outcome === "raced") {
      await this.#lostRace();
      return undefined;
    }
    this.#applied += written.applied;
    this.#position = written.position;
    this.#isFresh = true;
    return written.poison;
  }

  /** When the rows of the events cannot be stored, half of them are tried, down to the one that is to blame. */
  async #write(events: readonly StoredEvent[]): Promise<Written> {
    try {
      return await write(this.#context, this.#target, { before: this.#position, events });
    } catch (error) {
      const [first] = events;
      if (!first || !(error instanceof EventHandlingError || isRefusedContent(error))) throw error;
      if (events.length === 1) {
        const cause =
          error instanceof EventHandlingError ? error : new EventHandlingError(first, "storing its row", error);
        return { outcome: "written", position: this.#position, applied: 0, poison: poisonOf(first, cause) };
      }
      this.#most = Math.ceil(events.length / 2);
      return this.#write(events.slice(0, this.#most));
    }
  }

  async #lostRace(): Promise<undefined> {
    this.#races += 1;
    if (this.#races > MAX_RACES)
      throw new Error(
        `${this.#target.generation.name}: ${this.#batch.entityId} was moved by others ${MAX_RACES} times in a row`,
      );
    await this.#context.pause(this.#races);
    await this.#readAgain();
  }

  async #readAgain(): Promise<void> {
    const { projection, generation } = this.#target;
    this.#position = await readPositionNow(this.#context.table, projection, {
      generation,
      entityId: this.#batch.entityId,
    });
    this.#isFresh = true;
  }

  #countsFrom({ checkpoint }: Position) {
    const { entityId, events } = this.#batch;
    const skipped = events.filter(({ sequenceNumber }) => sequenceNumber <= checkpoint).length;
    return { entityId, applied: this.#applied, skipped, repaired: this.#events.repaired };
  }
}

type Ending = Pick<EntityOutcome, "parked" | "failedAt" | "error">;

function write(
  context: EntityContext,
  { projection, generation }: SeparateTarget,
  request: WriteRequest,
): Promise<Written> {
  return projection.kind === "row-per-entity"
    ? writeRowPerEntity(context.table, { projection, generation }, request)
    : writeRowPerEvent(context, { projection, generation }, request);
}
