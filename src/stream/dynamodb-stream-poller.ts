import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type Shard,
  type _Record as StreamRecord,
} from "@aws-sdk/client-dynamodb-streams";
import { checkFields, type Fields, isTransient, messageOf, whileTransient } from "../event-store/index.ts";
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

const OPTIONS: Fields<PollerOptions> = {
  client: true,
  streamArn: true,
  startingPosition: true,
  progress: true,
  handle: true,
  batchSize: true,
  batchWindowMs: true,
  idleMs: true,
  discoverMs: true,
  clock: true,
  signal: true,
  log: true,
};

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

/** A passing error is no reason to stop the readers that run: undefined, and they are looked for again later. */
async function lookForShards(options: PollerOptions): Promise<Shard[] | undefined> {
  try {
    return await listShards(options);
  } catch (error) {
    if (!isTransient(error)) throw error;
    options.log(`shards could not be listed: ${messageOf(error)}`);
    return undefined;
  }
}

/** The stream forgets a shard with its last record, also while it is being read. */
const isForgotten = (error: unknown): boolean => hasName(error, "ResourceNotFoundException");

/** The stream tells the time of a record to the second. */
const startOfSecond = (time: Date): Date => new Date(Math.floor(time.getTime() / 1000) * 1000);

/** Reads one shard to its end, or until the signal falls. */
class ShardReader {
  readonly #options: PollerOptions;
  readonly #shardId: string;
  #after: string | undefined;
  #iterator: string | undefined;
  #waiting: StreamRecord[] = [];
  #deadline = 0;
  #hasEnded = false;
  #openedAt: Date | undefined;

  constructor(options: PollerOptions, shardId: string, after: string | undefined) {
    this.#options = options;
    this.#shardId = shardId;
    this.#after = after;
  }

  async run(): Promise<void> {
    const { signal, progress } = this.#options;
    await this.#open();
    while (!signal.aborted && !(this.#hasEnded && this.#waiting.length === 0)) {
      if (!this.#hasEnded) await this.#read();
      if (this.#isReady()) await this.#deliver();
      else await this.#rest();
    }
    if (this.#hasEnded && !signal.aborted) await progress.save(this.#shardId, "ended");
  }

  /**
   * Opened again under LATEST before the first record came, the shard is read from its start without what is older than
   * the first opening, for LATEST would leave out what came in between.
   */
  async #open(): Promise<void> {
    const isAgain = this.#openedAt !== undefined;
    this.#openedAt ??= this.#options.clock();
    const options = isAgain ? { ...this.#options, startingPosition: "TRIM_HORIZON" as const } : this.#options;
    try {
      this.#iterator = await openIterator(options, this.#shardId, this.#after);
    } catch (error) {
      if (!isTransient(error)) this.#endIfForgotten(error);
    }
  }

  #isOld({ dynamodb }: StreamRecord): boolean {
    const { startingPosition } = this.#options;
    const createdAt = dynamodb?.ApproximateCreationDateTime;
    const isBeforeFirst = this.#after === undefined && startingPosition === "LATEST";
    return (
      isBeforeFirst &&
      createdAt !== undefined &&
      this.#openedAt !== undefined &&
      createdAt < startOfSecond(this.#openedAt)
    );
  }

  /** What was read of it by then is handed on; the other shards are read on. */
  #endIfForgotten(error: unknown): void {
    if (!isForgotten(error)) throw error;
    this.#options.log(`shard ${this.#shardId}: the stream has forgotten it`);
    this.#hasEnded = true;
  }

  async #read(): Promise<void> {
    if (this.#waiting.length >= this.#options.batchSize) return;
    if (this.#iterator === undefined) await this.#open();
    if (this.#iterator === undefined) return;
    const { client, batchWindowMs = 0, clock } = this.#options;
    const limit = Math.min(MAX_RECORDS, this.#options.batchSize - this.#waiting.length);
    const command = new GetRecordsCommand({ ShardIterator: this.#iterator, Limit: limit });
    try {
      const answer = await whileTransient(ATTEMPTS, () => client.send(command));
      const records = (answer.Records ?? []).filter((record) => !this.#isOld(record));
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
    if (!isStale && !isTransient(error)) return this.#endIfForgotten(error);
    await sleep(this.#options.idleMs ?? 250, this.#options.signal);
    await this.#open();
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

/** Shards by their place among each other: each has one parent at most. */
class ShardTree {
  readonly #parents: ReadonlyMap<string, string | undefined>;
  readonly #withChildren: ReadonlySet<string | undefined>;

  constructor(shards: readonly Shard[]) {
    this.#parents = new Map(shards.flatMap(({ ShardId: id, ParentShardId }) => (id ? [[id, ParentShardId]] : [])));
    this.#withChildren = new Set(this.#parents.values());
  }

  get ids(): Iterable<string> {
    return this.#parents.keys();
  }

  /** The parent, unless the stream has forgotten it. */
  parentOf(id: string): string | undefined {
    const parent = this.#parents.get(id);
    return parent !== undefined && this.#parents.has(parent) ? parent : undefined;
  }

  /** It was split or closed: nothing is written to it any more. */
  isClosed(id: string): boolean {
    return this.#withChildren.has(id);
  }

  /** Shards that a shard follows, nearest first. */
  *ancestorsOf(id: string): Iterable<string> {
    for (let parent = this.parentOf(id); parent !== undefined; parent = this.parentOf(parent)) yield parent;
  }
}

/**
 * Shards that are passed by: those that were closed before the first look when the newest is begun with, and those
 * without progress whose descendants have some.
 */
function passedBy(
  tree: ShardTree,
  positions: ReadonlyMap<string, ShardPosition>,
  from: PollerOptions["startingPosition"],
) {
  const isNew = positions.size === 0;
  if (isNew) return from === "LATEST" ? [...tree.ids].filter((id) => tree.isClosed(id)) : [];
  const begun = [...tree.ids].filter((id) => positions.has(id));
  return begun.flatMap((id) => [...tree.ancestorsOf(id)]).filter((id) => !positions.has(id));
}

/**
 * Reads a table stream for as long as the signal stands: all shards, a parent to its end before its
 * children, new shards as they appear, progress kept per shard. LATEST counts for the first look without progress;
 * a shard that appears later was written meanwhile and is begun at its start. A shard that the stream forgets is at
 * its end. For the local run, and for workers in containers; on Lambda the event source mapping does this.
 *
 * @throws {InvalidArgumentError} for an unknown option
 * @throws what a shard could not recover from, after the other shards were stopped
 */
export async function pollStream(options: PollerOptions): Promise<void> {
  checkFields("options", options, OPTIONS);
  const { signal, progress, discoverMs = 10_000 } = options;
  const positions = new Map(await progress.load());
  const running = new Map<string, Promise<void>>();
  const stop = new AbortController();
  const all = { ...options, signal: AbortSignal.any([signal, stop.signal]) };
  let failure: { error: unknown } | undefined;
  let wake = new AbortController();
  let startingPosition = positions.size === 0 ? options.startingPosition : "TRIM_HORIZON";
  let isFirstLook = true;

  function fail(error: unknown): void {
    failure ??= { error };
    stop.abort();
  }

  function start(shardId: string): void {
    const position = positions.get(shardId);
    const after = position === undefined || position === "ended" ? undefined : position.sequenceNumber;
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

  function startAll(tree: ShardTree): void {
    if (isFirstLook) for (const id of passedBy(tree, positions, options.startingPosition)) positions.set(id, "ended");
    for (const id of tree.ids) {
      const parent = tree.parentOf(id);
      const isParentRead = parent === undefined || positions.get(parent) === "ended";
      if (isParentRead && positions.get(id) !== "ended" && !running.has(id)) start(id);
    }
    isFirstLook = false;
    startingPosition = "TRIM_HORIZON";
  }

  while (!all.signal.aborted) {
    wake = new AbortController();
    const shards = await lookForShards(all).catch(fail);
    if (shards) startAll(new ShardTree(shards));
    await sleep(discoverMs, AbortSignal.any([all.signal, wake.signal]));
  }
  await Promise.all(running.values());
  if (failure) throw failure.error;
}
