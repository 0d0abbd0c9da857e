import { isDeepStrictEqual } from "node:util";
import { type Projection, takesAggregate } from "../../definition/projection.ts";
import {
  checkFields,
  type EventStore,
  type EventTypeLookup,
  type Fields,
  messageOf,
  upcast,
} from "../../event-store/index.ts";
import type { ReadModelTable } from "../../stream/index.ts";
import { EventHandlingError } from "../../stream/index.ts";
import type { GenerationKey } from "../generation.ts";
import { asStored, InMemoryRows, type RowPlace } from "../in-memory-rows.ts";
import type { Position } from "../position.ts";
import { readGenerationItems } from "./generation-rows.ts";
import { positionKey, readPositions } from "./positions.ts";
import { eventRowKey, ROW, sharedRowKey, type TableKey } from "./read-model-keys.ts";
import { readSkipped, type SkippedEvent } from "./unpark.ts";

/** A row that is not what its events make of it. */
export interface Difference {
  readonly key: string;
  /** Undefined: there should be no row. */
  readonly expected: unknown;
  /** Undefined: there is none. */
  readonly found: unknown;
}

export interface VerifyContext {
  readonly store: EventStore;
  readonly table: ReadModelTable;
  readonly eventTypes: EventTypeLookup;
}

/** An event that cannot be taken again: the code that took it has changed, or the event was altered. */
export interface FailedEvent extends SkippedEvent {
  readonly error: string;
}

export interface Verified {
  readonly differences: readonly Difference[];
  readonly rows: number;
  /** Entities whose newest events the projection has not taken yet; their rows are held to their checkpoint. */
  readonly behind: readonly string[];
  /** Events that an operator has passed by: no row is expected of them. */
  readonly skipped: readonly SkippedEvent[];
  /** Events below a checkpoint that the projection cannot take any more; the rows are computed without them. */
  readonly failed: readonly FailedEvent[];
}

/**
 * Recomputes every row of a generation from the events, up to each entity's checkpoint, and lists
 * what differs. Reads both tables whole and keeps the rows in memory; on a service that is being
 * written a row may move in between, so look at a difference twice.
 */
export async function verify(
  context: VerifyContext,
  projection: Projection,
  generation: GenerationKey,
): Promise<Verified> {
  checkFields("context", context, CONTEXT);
  const { rows, ...told } = await expectRows(context, projection, generation);
  const missing = new Map(rows);
  const differences: Difference[] = [];
  for await (const item of readGenerationItems(context.table, generation)) {
    const key = textOf({ pk: String(item[ROW.pk]), sk: String(item[ROW.sk]) });
    const found = item[ROW.row];
    const expected = missing.get(key);
    missing.delete(key);
    if (!isDeepStrictEqual(expected, asStored(found))) differences.push({ key, expected, found });
  }
  for (const [key, expected] of missing) differences.push({ key, expected, found: undefined });
  return { differences, rows: rows.size, ...told };
}

async function expectRows(
  { store, table, eventTypes }: VerifyContext,
  projection: Projection,
  generation: GenerationKey,
): Promise<ExpectedRows> {
  const expected = new InMemoryRows(projection, false);
  const skipped = await readSkipped(table, generation);
  const passedBy = new Set(skipped.map(idOf));
  const failed: FailedEvent[] = [];
  const behind = new Set<string>();
  const positions = new Map<string, Position>();
  let start: string | undefined;
  do {
    const page = await store.scanEvents({ segment: 0, segments: 1, start });
    const events = page.events.flatMap(({ event }) =>
      event && takesAggregate(projection, event.aggregateType) ? [event] : [],
    );
    const unknown = [...new Set(events.map(({ entityId }) => entityId))].filter((entityId) => !positions.has(entityId));
    for (const [entityId, position] of await readPositions(table, projection, {
      generation,
      entityIds: unknown,
      consistent: true,
    }))
      positions.set(entityId, position);
    for (const event of events) {
      const { entityId, sequenceNumber } = event;
      const isTaken = sequenceNumber <= (positions.get(entityId)?.checkpoint ?? 0);
      if (!isTaken) behind.add(entityId);
      else if (!passedBy.has(idOf(event))) {
        const take = async () => expected.take(upcast(eventTypes, event));
        await take().catch((error: Error) => {
          const thrown = error instanceof EventHandlingError ? error.cause : error;
          failed.push({ entityId, sequenceNumber, error: messageOf(thrown) });
        });
      }
    }
    start = page.next;
  } while (start !== undefined);
  const rows = new Map(expected.all.map(({ place, row }) => [textOf(keyOf(projection, generation, place)), row]));
  return { rows, behind: [...behind], skipped, failed };
}

interface ExpectedRows {
  readonly rows: ReadonlyMap<string, unknown>;
  readonly behind: readonly string[];
  readonly skipped: readonly SkippedEvent[];
  readonly failed: readonly FailedEvent[];
}

const idOf = ({ entityId, sequenceNumber }: SkippedEvent): string => `${sequenceNumber} ${entityId}`;

const CONTEXT: Fields<VerifyContext> = { store: true, table: true, eventTypes: true };

const textOf = ({ pk, sk }: TableKey): string => `${pk} ${sk}`;

function keyOf(projection: Projection, generation: GenerationKey, place: RowPlace): TableKey {
  if ("partition" in place) return sharedRowKey(generation, place);
  if ("sequenceNumber" in place) return eventRowKey(generation, place.entityId, place.sequenceNumber);
  return positionKey(projection, generation, place.entityId);
}
