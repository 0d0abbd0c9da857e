import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { GetCommand, PutCommand, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { REQUEST_ATTEMPTS, whileTransient } from "../event-store/dynamodb/index.ts";
import { asError, type StoredEvent, withoutUndefined } from "../event-store/index.ts";
import {
  fetchAll,
  type ParkedEntity,
  parkedItem,
  parkedPartition,
  partitionPart,
  type ReadModelTable,
  sortPart,
} from "../stream/index.ts";

/** How far an entity's events are on the bus. */
export interface Progress {
  readonly entityId: string;
  /** The last sequence number that is on the bus; 0 before the first. */
  readonly published: number;
  readonly failing?: { readonly sequenceNumber: number; readonly attempts: number; readonly error: string } | undefined;
  readonly parked: boolean;
  /** Counts the writes; 0: never written. */
  readonly revision: number;
}

/** As `findProgress`, without those that cannot be asked for. */
export async function readProgress(
  table: ReadModelTable,
  entityIds: readonly string[],
): Promise<Map<string, Progress>> {
  const found = await findProgress(table, entityIds);
  return new Map([...found].flatMap(([id, progress]) => (progress instanceof Error ? [] : [[id, progress] as const])));
}

/**
 * Progress of many entities in few requests; may be a moment old, which costs a duplicate at worst. An entity whose
 * progress cannot be asked for comes with the error instead.
 */
export async function findProgress(
  table: ReadModelTable,
  entityIds: readonly string[],
): Promise<Map<string, Progress | Error>> {
  const keys = new Map(entityIds.map((entityId) => [entityId, keyOf(entityId)]));
  const { items, refused } = await fetchAll(table, [...keys.values()]);
  const progress = items.map((item) => item.progress as Progress);
  const found = new Map(progress.map((one) => [one.entityId, one]));
  const errors = new Map(refused.map(({ key, error }) => [key.pk, asError(error)]));
  return new Map(
    [...keys].map(([entityId, { pk }]) => [entityId, errors.get(pk) ?? found.get(entityId) ?? startOf(entityId)]),
  );
}

export async function readProgressNow({ client, name: table }: ReadModelTable, entityId: string): Promise<Progress> {
  const command = new GetCommand({ TableName: table, Key: keyOf(entityId), ConsistentRead: true });
  const { Item } = await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
  return (Item?.progress as Progress | undefined) ?? startOf(entityId);
}

export const startOf = (entityId: string): Progress => ({ entityId, published: 0, parked: false, revision: 0 });

/** False when another invocation moved the entity meanwhile. */
export async function writeProgress({ client, name: table }: ReadModelTable, progress: Progress): Promise<boolean> {
  try {
    await whileTransient(REQUEST_ATTEMPTS, () => client.send(new PutCommand(put(table, progress))));
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** Parks an entity with the event that the bus refuses, as the projector does: flag and item in one transaction. */
export async function parkProgress(
  { client, name: table }: ReadModelTable,
  progress: Progress,
  { event, parkedAt }: { readonly event: StoredEvent | undefined; readonly parkedAt: string },
): Promise<void> {
  const { entityId, failing } = progress;
  const parked: ParkedEntity = {
    projection: "publisher",
    generation: 0,
    entityId,
    sequenceNumber: failing?.sequenceNumber ?? progress.published + 1,
    error: failing?.error ?? "",
    attempts: failing?.attempts ?? 1,
    parkedAt,
    event,
  };
  const command = new TransactWriteCommand({
    TransactItems: [
      { Put: put(table, { ...progress, parked: true }) },
      { Put: { TableName: table, Item: parkedItem(parkedKeyOf(entityId), parked) } },
    ],
  });
  await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
}

function put(table: string, progress: Progress) {
  const isNew = progress.revision === 0;
  return {
    TableName: table,
    Item: { ...keyOf(progress.entityId), progress: withoutUndefined({ ...progress, revision: progress.revision + 1 }) },
    ConditionExpression: isNew ? "attribute_not_exists(#pk)" : "#progress.#revision = :revision",
    ExpressionAttributeNames: isNew ? { "#pk": "pk" } : { "#progress": "progress", "#revision": "revision" },
    ...(isNew ? {} : { ExpressionAttributeValues: { ":revision": progress.revision } }),
  };
}

const keyOf = (entityId: string) => ({ pk: `publisher#${partitionPart(entityId)}`, sk: "progress" });

/** Where the publisher's parked entities are listed. */
export const parkedKeyOf = (entityId: string) => ({ pk: parkedPartition("publisher"), sk: sortPart(entityId) });
