import { ConditionalCheckFailedException, type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { EVENT } from "../event-store/dynamodb/attributes.ts";
import { sequenceNumberIsFree } from "../event-store/dynamodb/conditions.ts";
import type { Item } from "../event-store/dynamodb/event-codec.ts";
import { shardAttributes } from "../event-store/dynamodb/index-shards.ts";
import { whileTransient } from "../event-store/dynamodb/retry.ts";

/** An Events table that events are put into as they are, beside the append. */
export interface EventTable {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** What the table's stage was deployed with. Default 1. */
  readonly indexShards?: number;
}

/** Puts one event where none is. @returns undefined when it is stored, else the item that is there */
export async function putEventItem(
  { client, table, indexShards = 1 }: EventTable,
  item: Item,
): Promise<Item | undefined> {
  const command = new PutItemCommand({ TableName: table, Item: itemFor(item, indexShards), ...sequenceNumberIsFree });
  try {
    await whileTransient(PUT_ATTEMPTS, () => client.send(command));
    return undefined;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return error.Item ?? {};
  }
}

/** The item as it is, but for the keys of the table's indexes. */
function itemFor(item: Item, indexShards: number): Item {
  const { [EVENT.aggregateTypeShard]: _, [EVENT.userIdShard]: __, ...event } = item;
  const text = (name: string): string => item[name]?.S ?? "";
  const sharded = {
    entityId: text(EVENT.entityId),
    aggregateType: text(EVENT.aggregateType),
    userId: text(EVENT.userId),
  };
  return { ...event, ...shardAttributes(sharded, indexShards) };
}

/** How often a throttled request is sent, each time with the SDK's own attempts: long work is slowed down and not given up. */
export const PUT_ATTEMPTS = 12;
