import type { EventStore } from "../event-store/index.ts";
import type { ReadModelTable } from "../stream/index.ts";
import { createLagProbes, type Lag } from "../stream/index.ts";
import { readProgress } from "./dynamodb-progress.ts";

export interface PublisherStatusContext {
  readonly table: ReadModelTable;
  readonly store: Pick<EventStore, "readKeysByType">;
  readonly aggregateTypes: readonly string[];
  readonly clock: () => Date;
}

/** How far the bus is behind the events of the last day. Events of parked entities do not count as waiting. */
export function readPublisherStatus({ table, store, aggregateTypes, clock }: PublisherStatusContext): Promise<Lag> {
  return createLagProbes(store, clock).lag(aggregateTypes, async (entityIds) => {
    const progress = await readProgress(table, entityIds);
    return new Map([...progress].map(([id, { published, parked }]) => [id, parked ? undefined : published]));
  });
}
