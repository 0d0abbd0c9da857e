import { DescribeStreamCommand, GetShardIteratorCommand, type Shard } from "@aws-sdk/client-dynamodb-streams";
import { isTransient, whileTransient } from "../event-store/dynamodb/index.ts";
import { messageOf } from "../event-store/index.ts";
import type { PollerOptions } from "./dynamodb-poller-options.ts";

export async function openIterator(
  options: PollerOptions,
  shardId: string,
  after: string | undefined,
): Promise<string | undefined> {
  const { client, streamArn, startingPosition } = options;
  const from =
    after === undefined
      ? { ShardIteratorType: startingPosition }
      : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, SequenceNumber: after };
  const command = new GetShardIteratorCommand({ StreamArn: streamArn, ShardId: shardId, ...from });
  try {
    return (await whileTransient(ATTEMPTS, () => client.send(command))).ShardIterator;
  } catch (error) {
    if (!hasName(error, "TrimmedDataAccessException")) throw error;
    options.log(
      `shard ${shardId}: the place after ${after} is older than the stream keeps; going on from its oldest record`,
    );
    const oldest = new GetShardIteratorCommand({
      StreamArn: streamArn,
      ShardId: shardId,
      ShardIteratorType: "TRIM_HORIZON",
    });
    return (await whileTransient(ATTEMPTS, () => client.send(oldest))).ShardIterator;
  }
}

/** A passing error is no reason to stop the readers that run: undefined, and they are looked for again later. */
export async function lookForShards(options: PollerOptions): Promise<Shard[] | undefined> {
  try {
    return await listShards(options);
  } catch (error) {
    if (!isTransient(error)) throw error;
    options.log(`shards could not be listed: ${messageOf(error)}`);
    return undefined;
  }
}

async function listShards({ client, streamArn }: PollerOptions): Promise<Shard[]> {
  const shards: Shard[] = [];
  let start: string | undefined;
  do {
    const command = new DescribeStreamCommand({
      StreamArn: streamArn,
      ...(start === undefined ? {} : { ExclusiveStartShardId: start }),
    });
    const { StreamDescription } = await whileTransient(ATTEMPTS, () => client.send(command));
    shards.push(...(StreamDescription?.Shards ?? []));
    start = StreamDescription?.LastEvaluatedShardId;
  } while (start !== undefined);
  return shards;
}

/** The stream forgets a shard with its last record, also while it is being read. */
export const isForgotten = (error: unknown): boolean => hasName(error, "ResourceNotFoundException");

export const ATTEMPTS = 10;

export const hasName = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;
