import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type Shard,
  type _Record as StreamRecord,
} from "@aws-sdk/client-dynamodb-streams";
import { isTransient, whileTransient } from "../event-store/index.ts";
import { sleep } from "./sleep.ts";

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
  /** Milliseconds between looks for new shards. Default 10,000. */
  readonly discoverMs?: number | undefined;
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

const ATTEMPTS = 10;
const MAX_RECORDS = 1_000;

const hasName = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;

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

async function openIterator(
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

/** A passing error is no reason to stop the readers that run: they are looked for again later. */
async function lookForShards(options: PollerOptions): Promise<Shard[]> {
  try {
    return await listShards(options);
  } catch (error) {
    if (!isTransient(error)) throw error;
    options.log(`shards could not be listed: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

/** Reads one shard to its end, or until the signal falls. */
class ShardReader {
  readonly #options: PollerOptions;
  readonly #shardId: string;
  #after: string | undefined;
  #iterator: string | undefined;
  #waiting: StreamRecord[] = [];
  #deadline = 0;
  #hasEnded = false;

  constructor(options: PollerOptions, shardId: string, after: string | undefined) {
    this.#options = options;
    this.#shardId = shardId;
    this.#after = after;
  }

  async run(): Promise<void> {
    const { signal, progress } = this.#options;
    this.#iterator = await openIterator(this.#options, this.#shardId, this.#after);
    while (!signal.aborted && !(this.#hasEnded && this.#waiting.length === 0)) {
      if (!this.#hasEnded) await this.#read();
      if (this.#isReady()) await this.#deliver();
      else await this.#rest();
    }
    if (this.#hasEnded && !signal.aborted) await progress.save(this.#shardId, "ended");
  }

  async #read(): Promise<void> {
    if (this.#waiting.length >= this.#options.batchSize) return;
    const { client, batchWindowMs = 0, clock } = this.#options;
    const limit = Math.min(MAX_RECORDS, this.#options.batchSize - this.#waiting.length);
    const command = new GetRecordsCommand({ ShardIterator: this.#iterator, Limit: limit });
    try {
      const answer = await whileTransient(ATTEMPTS, () => client.send(command));
      const records = answer.Records ?? [];
      if (this.#waiting.length === 0 && records.length > 0) this.#deadline = clock().getTime() + batchWindowMs;
      this.#waiting.push(...records);
      this.#after = records.at(-1)?.dynamodb?.SequenceNumber ?? this.#after;
      this.#iterator = answer.NextShardIterator;
      this.#hasEnded = this.#iterator === undefined;
    } catch (error) {
      await this.#recover(error);
    }
  }

  async #recover(error: unknown): Promise<void> {
    const isStale = hasName(error, "ExpiredIteratorException") || hasName(error, "TrimmedDataAccessException");
    if (!isStale && !isTransient(error)) throw error;
    await sleep(this.#options.idleMs ?? 250, this.#options.signal);
    this.#iterator = await openIterator(this.#options, this.#shardId, this.#after);
  }

  #isReady(): boolean {
    const { batchSize, clock } = this.#options;
    if (this.#waiting.length === 0) return false;
    return this.#hasEnded || this.#waiting.length >= batchSize || clock().getTime() >= this.#deadline;
  }

  async #deliver(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    await this.#options.handle(batch, this.#shardId);
    const sequenceNumber = batch.at(-1)?.dynamodb?.SequenceNumber;
    if (sequenceNumber !== undefined && !this.#options.signal.aborted) {
      await this.#options.progress.save(this.#shardId, { sequenceNumber });
    }
  }

  #rest(): Promise<void> {
    const { idleMs = 250, signal } = this.#options;
    return this.#hasEnded ? Promise.resolve() : sleep(idleMs, signal);
  }
}

/**
 * Reads a table stream for as long as the signal stands: all shards, a parent to its end before its
 * children, new shards as they appear, progress kept per shard. For the local run, and for workers
 * in containers; on Lambda the event source mapping does this.
 *
 * @throws what a shard could not recover from, after the other shards were stopped
 */
export async function pollStream(options: PollerOptions): Promise<void> {
  const { signal, progress, discoverMs = 10_000 } = options;
  const positions = new Map(await progress.load());
  const running = new Map<string, Promise<void>>();
  const stop = new AbortController();
  const all = { ...options, signal: AbortSignal.any([signal, stop.signal]) };
  let failure: { error: unknown } | undefined;
  let wake = new AbortController();
  let isFirstLook = true;

  function fail(error: unknown): void {
    failure ??= { error };
    stop.abort();
  }

  /** A shard that appears later was written while we were reading: it is begun at its start. */
  function start(shardId: string): void {
    const position = positions.get(shardId);
    const after = position === undefined || position === "ended" ? undefined : position.sequenceNumber;
    const startingPosition = isFirstLook ? options.startingPosition : "TRIM_HORIZON";
    const reading = new ShardReader({ ...all, startingPosition }, shardId, after)
      .run()
      .then(() => void positions.set(shardId, "ended"))
      .catch(fail)
      .finally(() => {
        running.delete(shardId);
        wake.abort();
      });
    running.set(shardId, reading);
  }

  while (!all.signal.aborted) {
    wake = new AbortController();
    const shards = await lookForShards(all).catch((error: unknown) => {
      fail(error);
      return [];
    });
    const listed = new Set(shards.map(({ ShardId }) => ShardId));
    for (const { ShardId: shardId, ParentShardId: parent } of shards) {
      if (shardId === undefined || positions.get(shardId) === "ended" || running.has(shardId)) continue;
      const parentIsRead = parent === undefined || !listed.has(parent) || positions.get(parent) === "ended";
      if (parentIsRead) start(shardId);
    }
    isFirstLook = false;
    await sleep(discoverMs, AbortSignal.any([all.signal, wake.signal]));
  }
  await Promise.all(running.values());
  if (failure) throw failure.error;
}
