import { loadAt } from "../aggregate/index.ts";
import { type Projection, takesAggregate } from "../definition/index.ts";
import { collect, type EventStore, type StoredEvent } from "../event-store/index.ts";
import { createRowReaders, NotBuiltError, readPositionNow, servingOf } from "../projector/dynamodb/index.ts";
import type { RowReader } from "../projector/index.ts";
import { readProgressNow } from "../publisher/index.ts";
import type { OperationsContext } from "./context.ts";
import type { EntityDetail, EntityReadModel, EntityState } from "./contract.ts";

/** What there is of an entity besides its events; undefined when it has none. */
export async function readEntity(context: OperationsContext, entityId: string): Promise<EntityDetail | undefined> {
  const { service, store, table } = context;
  const head = await headOf(store, entityId);
  if (!head) return undefined;
  const { aggregateType, sequenceNumber: version } = head;
  const [collection, aggregate] =
    Object.entries(service.aggregates).find(([, one]) => one.aggregateType === aggregateType) ?? [];
  const projections = service.projections.filter((one) => takesAggregate(one, aggregateType));
  const [snapshots, readModels, progress] = await Promise.all([
    collect(store.readSnapshots(entityId), (one) => one),
    Promise.all(projections.map((projection) => readModelOf(context, projection, entityId))),
    readProgressNow(table, entityId),
  ]);
  return {
    entityId,
    aggregateType,
    collection,
    version,
    snapshots: snapshots.map(({ version, snapshotTime, stateVersion }) => ({
      version,
      snapshotTime,
      isCurrent: stateVersion === aggregate?.stateVersion,
    })),
    readModels,
    published: progress.published,
    isPublisherParked: progress.parked,
  };
}

async function readModelOf(
  { table, clock }: OperationsContext,
  projection: Projection,
  entityId: string,
): Promise<EntityReadModel> {
  const { name, kind } = projection;
  const generation = await servingOf(table, projection);
  const position = await readPositionNow(table, projection, { generation, entityId });
  const rows = async (): Promise<readonly unknown[]> => {
    if (kind === "row-per-entity") return position.row === undefined ? [] : [position.row];
    if (kind === "rows-across-entities") return [];
    const reader = createRowReaders(table, { clock })(projection) as Pick<RowReader<unknown>, "eventRows">;
    return (await reader.eventRows(entityId, { order: "descending", limit: LAST_ROWS })).rows;
  };
  const orNone = (error: unknown): readonly unknown[] => {
    if (error instanceof NotBuiltError) return [];
    throw error;
  };
  return {
    projection: name,
    kind,
    generation: generation.number,
    checkpoint: position.checkpoint,
    isParked: position.parked,
    rows: await rows().catch(orNone),
  };
}

/** The state after an event, and before it. Undefined when there is no such entity, or no such version of it. */
export async function readEntityState(
  { service, store }: OperationsContext,
  entityId: string,
  at?: number,
): Promise<EntityState | undefined> {
  const head = await headOf(store, entityId);
  const aggregate = Object.values(service.aggregates).find((one) => one.aggregateType === head?.aggregateType);
  const version = at ?? head?.sequenceNumber ?? 0;
  if (!head || !aggregate || version > head.sequenceNumber) return undefined;
  const [now, before] = await Promise.all([
    loadAt(store, aggregate, entityId, version),
    loadAt(store, aggregate, entityId, version - 1),
  ]);
  return { version, state: now.state, previous: before.state };
}

async function headOf(store: EventStore, entityId: string): Promise<StoredEvent | undefined> {
  const [head] = await collect(store.readEvents(entityId, { direction: "backward", limit: 1 }), (event) => event);
  return head;
}

const LAST_ROWS = 20;
