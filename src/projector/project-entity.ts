import {
  type EventStore,
  EventStoreError,
  type EventTypes,
  isTransient,
  type StoredEvent,
  upcast,
} from "../event-store/index.ts";
import { contiguous, type EntityBatch } from "../stream/index.ts";
import { putParked } from "./dynamodb-parking.ts";
import { type ReadModelTable, readPositionNow } from "./dynamodb-positions.ts";
import { writeRowPerEntity } from "./dynamodb-row-per-entity.ts";
import { writeRowPerEvent } from "./dynamodb-row-per-event.ts";
import { writeRowsAcrossEntities } from "./dynamodb-rows-across-entities.ts";
import type { Poison } from "./fold-events.ts";
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

const isFaultOfTheEvent = (error: unknown): error is EventStoreError =>
  error instanceof EventStoreError && !isTransient(error);

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
  const read = await readable(stored, from, (event) => event);
  const known = new Set(batch.events.map(({ sequenceNumber }) => sequenceNumber));
  return { ...read, repaired: read.events.filter(({ sequenceNumber }) => !known.has(sequenceNumber)).length };
}

async function park(
  { on, clock }: EntityContext,
  { of }: Target,
  { entityId, failing }: Position,
  poison: Poison,
): Promise<void> {
  await putParked(on, {
    projection: of.name,
    generation: of.generation,
    entityId,
    sequenceNumber: poison.sequenceNumber,
    error: failing?.error ?? poison.error.message,
    attempts: failing?.attempts ?? 1,
    parkedAt: clock().toISOString(),
    event: poison.event,
  });
}

/**
 * Brings one entity of one projection up to the batch. Duplicates are skipped, gaps are read from
 * the store, a lost race is started again from the position that won it.
 */
export async function projectEntity(
  context: EntityContext,
  target: Target,
  batch: EntityBatch,
  start: Position,
): Promise<EntityOutcome> {
  const { entityId, upTo, events: delivered } = batch;
  let position = start;
  let applied = 0;
  let repaired = 0;
  const skipped = delivered.filter(({ sequenceNumber }) => sequenceNumber <= start.checkpoint).length;
  const counts = () => ({ entityId, applied, skipped, repaired });
  for (let races = 0; races < MAX_RACES; ) {
    if (position.parked) return { ...counts(), parked: true };
    if (position.checkpoint >= upTo) return { ...counts(), parked: false };
    const next = await nextEvents(context, batch, position.checkpoint);
    const request = { before: position, ...next, parkAfter: context.parkAfter };
    const written = await write(context.on, target, request);
    if (written.outcome === "raced") {
      races += 1;
      await context.pause(races);
      position = await readPositionNow(context.on, target.projection, target.of, entityId);
      continue;
    }
    applied += written.applied;
    repaired += next.repaired;
    position = written.position;
    if (written.poison) {
      if (position.parked) await park(context, target, position, written.poison);
      else return { ...counts(), parked: false, failedAt: written.poison.sequenceNumber, error: written.poison.error };
    }
  }
  throw new Error(`${target.of.name}: ${entityId} was moved by others ${MAX_RACES} times in a row`);
}
