import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import pLimit from "p-limit";
import { EVENT } from "./dynamodb-attributes.ts";
import { sequenceNumberIsFree } from "./dynamodb-conditions.ts";
import { decodeEvent, type Item } from "./dynamodb-event-codec.ts";
import { shardAttributes } from "./dynamodb-index-shards.ts";
import { whileTransient } from "./dynamodb-retry.ts";
import { CopyConflictError } from "./errors.ts";

export interface CopyRequest {
  readonly from: { readonly client: DynamoDBClient; readonly table: string };
  readonly to: { readonly client: DynamoDBClient; readonly table: string; readonly indexShards?: number };
  /** Parts of the table that are read at the same time. At least 1, default 4. */
  readonly segments?: number;
  /** Entities that are written at the same time in each segment. At least 1, default 8. */
  readonly entitiesAtOnce?: number;
  /** Called after each page of at most 1 MB. */
  readonly onProgress?: (soFar: Copied) => void;
}

export interface Copied {
  readonly copied: number;
  /** Stood in the target already, from an earlier run. */
  readonly present: number;
}

const REQUEST_ATTEMPTS = 12;

/** The items of a page by entity, each in its order. */
function byEntity(items: readonly Item[]): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const { entityId } = decodeEvent(item);
    const group = groups.get(entityId);
    if (group) group.push(item);
    else groups.set(entityId, [item]);
  }
  return [...groups.values()];
}

/** The item as it is, but for the keys of the target's indexes. */
function itemFor(item: Item, indexShards: number): Item {
  const { [EVENT.aggregateTypeShard]: _, [EVENT.userIdShard]: __, ...event } = item;
  return { ...event, ...shardAttributes(decodeEvent(item), indexShards) };
}

/** True when the item was put, false when it stood there. */
async function putEvent({ client, table, indexShards = 1 }: CopyRequest["to"], item: Item): Promise<boolean> {
  const command = new PutItemCommand({
    TableName: table,
    Item: itemFor(item, indexShards),
    ...sequenceNumberIsFree,
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  try {
    await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    if (error.Item?.[EVENT.eventId]?.S === item[EVENT.eventId]?.S) return false;
    const { entityId, sequenceNumber } = decodeEvent(item);
    throw new CopyConflictError(entityId, sequenceNumber, table, { cause: error });
  }
}

/**
 * Puts every event of one table into another, item by item, as it is: after a restore from point in
 * time, or into a table whose indexes are sharded. An entity's events go in their order, so the target
 * never has a hole; its stream tells of each as of a new event. Can be stopped and run again.
 *
 * Costs a write an event (those present already too) and the read units of one strongly consistent scan.
 *
 * @throws {CopyConflictError} when the target has another event at the same place
 */
export async function copyEvents(request: CopyRequest): Promise<Copied> {
  const { from, to, segments = 4, entitiesAtOnce = 8, onProgress } = request;
  let soFar: Copied = { copied: 0, present: 0 };

  async function copyEntity(items: readonly Item[]): Promise<void> {
    for (const item of items) {
      const isNew = await putEvent(to, item);
      const { copied, present } = soFar;
      soFar = isNew ? { copied: copied + 1, present } : { copied, present: present + 1 };
    }
  }

  async function copySegment(Segment: number): Promise<void> {
    const limit = pLimit(entitiesAtOnce);
    let start: Item | undefined;
    do {
      const scan = new ScanCommand({
        TableName: from.table,
        ConsistentRead: true,
        Segment,
        TotalSegments: segments,
        ...(start ? { ExclusiveStartKey: start } : {}),
      });
      const { Items = [], LastEvaluatedKey } = await whileTransient(REQUEST_ATTEMPTS, () => from.client.send(scan));
      await Promise.all(byEntity(Items).map((items) => limit(() => copyEntity(items))));
      onProgress?.(soFar);
      start = LastEvaluatedKey;
    } while (start);
  }

  await Promise.all(Array.from({ length: segments }, (_, segment) => copySegment(segment)));
  return soFar;
}
