import type { EventStore } from "../event-store/index.ts";
import type { ReadModelTable } from "../stream/index.ts";
import {
  dynamoDbLagSweepProgress,
  type EntityHead,
  type LagRepair,
  type LagSweepReport,
  sweepLag,
} from "../stream/index.ts";
import { readProgress } from "./dynamodb-progress.ts";
import type { Publisher } from "./publisher.ts";

export interface PublisherLagContext {
  readonly store: Pick<EventStore, "readKeysByType">;
  readonly table: ReadModelTable;
  readonly publisher: Publisher;
  readonly aggregateTypes: readonly string[];
  readonly clock: () => Date;
  readonly isTimeUp: () => boolean;
}

/** Milliseconds: a publisher that is put to an old table does not send its history by itself. */
const FIRST_SPAN_MS = 48 * 60 * 60 * 1000;

/** Finds the entities whose events are not all on the bus, and publishes what is missing (see `sweepLag`). */
export function repairPublisherLag(context: PublisherLagContext): Promise<LagSweepReport[]> {
  const { store, table, clock, isTimeUp, aggregateTypes } = context;
  const progress = dynamoDbLagSweepProgress(table, "publisher");
  const beginAt = new Date(clock().getTime() - FIRST_SPAN_MS).toISOString();
  const repair = (heads: readonly EntityHead[]) => publishLate(context, heads);
  return sweepLag({ store, progress, clock, isTimeUp, repair, beginAt }, aggregateTypes);
}

async function publishLate(
  { table, publisher, isTimeUp }: PublisherLagContext,
  heads: readonly EntityHead[],
): Promise<LagRepair> {
  const known = await readProgress(
    table,
    heads.map(({ entityId }) => entityId),
  );
  const late = heads.filter(({ entityId, head }) => {
    const progress = known.get(entityId);
    return progress !== undefined && !progress.parked && progress.published < head;
  });
  const batches = late.map(({ entityId, head }) => ({ entityId, upTo: head, events: [] }));
  const { failures } = await publisher.publish(batches, isTimeUp);
  return { behind: late.map(({ entityId }) => entityId), failed: failures.map(({ entityId }) => entityId) };
}
