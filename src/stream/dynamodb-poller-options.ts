import type { DynamoDBStreamsClient, _Record as StreamRecord } from "@aws-sdk/client-dynamodb-streams";
import { checkFields, type Fields } from "../event-store/index.ts";

/** How far a shard has been read: a sequence number, or to its end. */
export type ShardPosition = { readonly sequenceNumber: string } | "ended";

export interface ShardProgress {
  load(): Promise<ReadonlyMap<string, ShardPosition>>;
  save(shardId: string, position: ShardPosition): Promise<void>;
}

export interface PollerOptions {
  readonly client: DynamoDBStreamsClient;
  readonly streamArn: string;
  /** Where a shard without progress is begun. */
  readonly startingPosition: "TRIM_HORIZON" | "LATEST";
  readonly progress: ShardProgress;
  /** Takes a batch; resolves when it is done with and will not be asked for again. */
  readonly handle: (records: readonly StreamRecord[], shardId: string) => Promise<void>;
  /** Records in a batch, 1 to 1,000. */
  readonly batchSize: number;
  /** Milliseconds to wait for a batch to fill. Default 0. */
  readonly batchWindowMs?: number | undefined;
  /** Milliseconds between looks at a shard that gave nothing. AWS allows five looks a second. Default 250. */
  readonly idleMs?: number | undefined;
  /** Waits between those looks, not longer than that; ends early where there is news. Default: waits the whole time. */
  readonly rest?: ((milliseconds: number, signal: AbortSignal) => Promise<void>) | undefined;
  /** Milliseconds between looks for new shards. Default 10,000. */
  readonly discoverMs?: number | undefined;
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

const OPTIONS: Fields<PollerOptions> = {
  client: true,
  streamArn: true,
  startingPosition: true,
  progress: true,
  handle: true,
  batchSize: true,
  batchWindowMs: true,
  idleMs: true,
  rest: true,
  discoverMs: true,
  clock: true,
  signal: true,
  log: true,
};

/** @throws {InvalidArgumentError} for an unknown option */
export const checkPollerOptions = (options: PollerOptions): void => checkFields("options", options, OPTIONS);
