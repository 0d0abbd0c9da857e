import { GetRecordsCommand, type _Record as StreamRecord } from "@aws-sdk/client-dynamodb-streams";
import { isTransient, whileTransient } from "../event-store/dynamodb/index.ts";
import type { PollerOptions } from "./dynamodb-poller-options.ts";
import { ATTEMPTS, hasName, isForgotten, openIterator } from "./dynamodb-shard-requests.ts";
import { sleep } from "./sleep.ts";

/** Reads one shard to its end, or until the signal falls. */
export class ShardReader {
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
    this.#options.log(`shard ${this.#shardId}: it has expired from the stream`);
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
    await sleep(this.#options.idleMs ?? DEFAULT_IDLE_MS, this.#options.signal);
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
    const { idleMs = DEFAULT_IDLE_MS, signal, rest = sleep } = this.#options;
    return this.#hasEnded ? Promise.resolve() : rest(idleMs, signal);
  }
}

const MAX_RECORDS = 1_000;
const DEFAULT_IDLE_MS = 250;

/** The stream tells the time of a record to the second. */
const startOfSecond = (time: Date): Date => new Date(Math.floor(time.getTime() / 1000) * 1000);
