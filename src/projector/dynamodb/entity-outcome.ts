import { describeThrown, type EventStore, type EventTypeLookup } from "../../event-store/index.ts";
import type { ParkedEntity, Poison, ReadModelTable } from "../../stream/index.ts";
import type { Position } from "../position.ts";
import type { Target } from "../target.ts";
import { noteFailure } from "./failure-notes.ts";
import { parkEntity } from "./parking.ts";
import type { SharedPuts } from "./shared-puts.ts";

/** What entities are projected with. */
export interface EntityContext {
  readonly store: EventStore;
  readonly table: ReadModelTable;
  /** Rows that need no condition, of all entities. */
  readonly puts: SharedPuts;
  readonly eventTypes: EventTypeLookup;
  readonly clock: () => Date;
  /** Deliveries in which an event fails before its entity is parked. */
  readonly parkAfter: number;
  /** Spreads the retries of invocations that meet on one row. */
  readonly pause: (attempt: number) => Promise<void>;
  /** True when what is left is better left to the next delivery. */
  readonly isTimeUp: () => boolean;
}

/** What became of one entity of a batch. */
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

/** Counts a failure of an event; parks its entity when it has failed often enough, unless others have moved it. */
export async function parkOrFail(
  { table, clock, parkAfter }: EntityContext,
  target: Target,
  { position, poison }: { readonly position: Position; readonly poison: Poison },
): Promise<"failed" | "parked" | "raced"> {
  const { generation } = target;
  const { entityId } = position;
  const attempts = await noteFailure(table, generation, entityId, poison);
  if (attempts < parkAfter) return "failed";
  const parked: ParkedEntity = {
    projection: generation.name,
    generation: generation.number,
    entityId,
    sequenceNumber: poison.sequenceNumber,
    error: describeThrown(poison.error),
    attempts,
    parkedAt: clock().toISOString(),
    event: poison.event,
  };
  return (await parkEntity(table, target, { position, parked })) ? "parked" : "raced";
}
