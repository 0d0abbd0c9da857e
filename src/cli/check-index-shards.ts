import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { EVENT, EVENT_TYPE_INDEX } from "../event-store/dynamodb/attributes.ts";
import type { Connection } from "./connect.ts";
import { UsageError } from "./failure.ts";

/**
 * Before events are stored: those that carry no shard are missing from the indexes of a table that has shards, for good.
 * How many shards there are the table does not tell.
 *
 * @throws {UsageError} when INDEX_SHARDS says none and the table has some, or the other way
 */
export async function checkIndexShards({ client, names, stage }: Connection): Promise<void> {
  if (stage.local) return;
  const { Table } = await client.send(new DescribeTableCommand({ TableName: names.events }));
  const index = Table?.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === EVENT_TYPE_INDEX);
  if (!index) return;
  const isSharded = index.KeySchema?.[0]?.AttributeName === EVENT.aggregateTypeShard;
  if (isSharded === stage.indexShards > 1) return;
  const has = isSharded ? "has sharded indexes: say how many shards its stage was deployed with" : "has none";
  throw new UsageError(`INDEX_SHARDS is ${stage.indexShards}, and ${names.events} ${has}`);
}
