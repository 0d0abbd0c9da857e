import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import {
  type EventStore,
  type EventTypes,
  isFaultOfTheEvent,
  isTransient,
  type StoredEvent,
  upcast,
} from "../event-store/index.ts";
import { contiguous, type EntityBatch, missingEvent, type ParkedEntity } from "../stream/index.ts";
import { parkEntity } from "./dynamodb-parking.ts";
import { positionKey, type ReadModelTable, readPositionNow } from "./dynamodb-positions.ts";
import { writeRowPerEntity } from "./dynamodb-row-per-entity.ts";
import { writeRowPerEvent } from "./dynamodb-row-per-event.ts";
import { writeRowsAcrossEntities } from "./dynamodb-rows-across-entities.ts";
import { type Poison, RowReadError } from "./fold-events.ts";
import type { Position } from "./position.ts";
import type { Target, WriteRequest, Written } from "./target.ts";

export interface EntityContext {
  readonly store: EventStore;
  readonly on: ReadModelTable;
  readonly eventTypes: EventTypes;
  readonly clock: () => Date;
  /** Tries of one event before its entity is parked. */
  readonly parkAfter: number;
  /** Spreads the retries of invocations that meet on one row. */
  readonly pause: (attempt: number) => Promise<void>;
}

export interface EntityOutcome {
  readonly entityId: string;
  readonly applied: number;
  readonly skipped: number;
  readonly repaired: number;
  readonly parked: boolean;
  /** Everything from here on must be delivered again. */
  readonly failedAt?: number;
  readonly error?: Error;
}

const MAX_RACES = 50;

function write(on: ReadModelTable, target: Target, request: WriteRequest): Promise<Written> {
  const { projection, of } = target;
  switch (projection.kind) {
    case "row-per-entity":
      return writeRowPerEntity(on, { projection, of }, request);
    case "row-per-event":
      return writeRowPerEvent(on, { projection, of }, request);
    case "rows-across-entities":
      return writeRowsAcrossEntities(on, { projection, of }, request);
  }
}

interface Readable {
  readonly events: StoredEvent[];
  readonly unreadable: Poison | undefined;
}

/** Events up to the first that cannot be decoded or upcast. */
async function readable(
  events: Iterable<StoredEvent> | AsyncIterable<StoredEvent>,
  from: number,
  step: (event: StoredEvent) => StoredEvent,
): Promise<Readable> {
  const read: StoredEvent[] = [];
  try {
    for await (const event of events) read.push(step(event));
    return { events: read, unreadable: undefined };
  } catch (error) {
    if (!isFaultOfTheEvent(error)) throw error;
    return { events: read, unreadable: { sequenceNumber: from + read.length, error } };
  }
}

/** The entity's events after its checkpoint: from the batch when it has them all, else from the store. */
async function nextEvents(
  { store, eventTypes }: EntityContext,
  batch: EntityBatch,
  after: number,
): Promise<Readable & { readonly repaired: number }> {
  const from = after + 1;
  const delivered = contiguous(batch.events, from, batch.upTo);
  if (delivered) {
    return { ...(await readable(delivered, from, (event) => upcast(eventTypes, event))), repaired: 0 };
  }
  const stored = store.readEvents(batch.entityId, { fromSequence: from, toSequence: batch.upTo });
  const { events, unreadable } = await readable(stored, from, (event) => event);
  const known = new Set(batch.events.map(({ sequenceNumber }) => sequenceNumber));
  const repaired = events.filter(({ sequenceNumber }) => !known.has(sequenceNumber)).length;
  const next = from + events.length;
  return {
    events,
    unreadable: unreadable ?? (next <= batch.upTo ? { sequenceNumber: next, error: missingEvent(next) } : undefined),
    repaired,
  };
}

/** An error that the rows themselves cause, and would cause again: too large, not storable, a wrong key. */
function isFaultOfTheRows(error: unknown): error is Error {
  if (!(error instanceof Error) || isTransient(error)) return false;
  if (error instanceof TransactionCanceledException) {
    return (error.CancellationReasons ?? []).some(({ Code }) => Code === "ValidationError");
  }
  return (
    error.name === "ValidationException" || !("$metadata" in error || "code" in error || error instanceof RowReadError)
  );
}

/**
 * Writes the events; when their rows cannot be stored, writes them one by one to find the event
 * that is to blame, and counts a failure of that one.
 */
async function writeOrBlame(on: ReadModelTable, target: Target, request: WriteRequest): Promise<Written> {
  try {
    return await write(on, target, request);
  } catch (error) {
    const [first] = request.events;
    if (!isFaultOfTheRows(error) || !first) throw error;
    if (request.events.length > 1) return writeOrBlame(on, target, { before: request.before, events: [first] });
    const poison = { sequenceNumber: first.sequenceNumber, error, event: first };
    return write(on, target, { before: request.before, events: [], unreadable: poison });
  }
}

function parkedEntity({ of }: Target, position: Position, poison: Poison, now: Date): ParkedEntity {
  return {
    projection: of.name,
    generation: of.generation,
    entityId: position.entityId,
    sequenceNumber: poison.sequenceNumber,
    error: position.failing?.error ?? poison.error.message,
    attempts: position.failing?.attempts ?? 1,
    parkedAt: now.toISOString(),
    event: poison.event,
  };
}

/** One entity of one projection on its way to the end of a batch. */
class EntityRun {
  readonly #context: EntityContext;
  readonly #target: Target;
  readonly #batch: EntityBatch;
  #position: Position;
  #isFresh = false;
  #races = 0;
  #applied = 0;
  #repaired = 0;

  constructor(context: EntityContext, target: Target, batch: EntityBatch, start: Position) {
    this.#context = context;
    this.#target = target;
    this.#batch = batch;
    this.#position = start;
  }

  #outcome(start: Position, more: Partial<EntityOutcome>): EntityOutcome {
    const { entityId, events } = this.#batch;
    const skipped = events.filter(({ sequenceNumber }) => sequenceNumber <= start.checkpoint).length;
    return { entityId, applied: this.#applied, skipped, repaired: this.#repaired, parked: false, ...more };
  }

  async #readAgain(): Promise<void> {
    const { on } = this.#context;
    const { projection, of } = this.#target;
    this.#position = await readPositionNow(on, projection, of, this.#batch.entityId);
    this.#isFresh = true;
  }

  async #lostRace(): Promise<void> {
    this.#races += 1;
    if (this.#races > MAX_RACES) {
      throw new Error(
        `${this.#target.of.name}: ${this.#batch.entityId} was moved by others ${MAX_RACES} times in a row`,
      );
    }
    await this.#context.pause(this.#races);
    await this.#readAgain();
  }

  /** Answers with the event that failed, when one did. */
  async #step(): Promise<Poison | undefined> {
    const next = await nextEvents(this.#context, this.#batch, this.#position.checkpoint);
    const request = { before: this.#position, events: next.events, unreadable: next.unreadable };
    const written = await writeOrBlame(this.#context.on, this.#target, request);
    if (written.outcome === "raced") {
      await this.#lostRace();
      return undefined;
    }
    this.#applied += written.applied;
    this.#repaired += next.repaired;
    this.#position = written.position;
    this.#isFresh = true;
    return written.poison;
  }

  /** Answers whether the entity waits now. */
  async #park(poison: Poison): Promise<boolean> {
    const { on, clock, parkAfter } = this.#context;
    const { projection, of } = this.#target;
    const position = this.#position;
    if ((position.failing?.attempts ?? 0) < parkAfter) return false;
    const parked = parkedEntity(this.#target, position, poison, clock());
    const key = positionKey(projection, of, position.entityId);
    return parkEntity(on, { positionKey: key, revision: position.revision, parked });
  }

  async run(): Promise<EntityOutcome> {
    const start = this.#position;
    for (;;) {
      if (this.#position.parked && !this.#isFresh) await this.#readAgain();
      if (this.#position.parked) return this.#outcome(start, { parked: true });
      if (this.#position.checkpoint >= this.#batch.upTo) return this.#outcome(start, {});
      const poison = await this.#step();
      if (!poison) continue;
      if (await this.#park(poison)) return this.#outcome(start, { parked: true });
      return this.#outcome(start, { failedAt: poison.sequenceNumber, error: poison.error });
    }
  }
}

/**
 * Brings one entity of one projection up to the batch. Duplicates are skipped, gaps are read from
 * the store, a lost race is started again from the position that won it. An entity whose event
 * fails too often is parked.
 */
export function projectEntity(
  context: EntityContext,
  target: Target,
  batch: EntityBatch,
  start: Position,
): Promise<EntityOutcome> {
  return new EntityRun(context, target, batch, start).run();
}
