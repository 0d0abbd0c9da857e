import type { _Record as StreamRecord } from "@aws-sdk/client-dynamodb-streams";
import type { DynamoDBBatchResponse } from "aws-lambda";
import { messageOf } from "../event-store/index.ts";
import { compileEventPattern } from "./event-pattern.ts";
import type { StreamMapping } from "./service-definition.ts";

export type Invoke = (functionKey: string, event: unknown) => Promise<unknown>;

export interface MappingContext {
  readonly invoke: Invoke;
  readonly streamArn: string;
  readonly region: string;
  readonly clock: () => Date;
  /** Waits before the given retry, counted from 1; ends early when the run stops. */
  readonly backOff: (retry: number) => Promise<void>;
  /** Takes what was given up: Lambda's account of it, and the event as the function was sent it. */
  readonly giveUp: (account: FailureRecord, event: { readonly Records: readonly object[] }) => void;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What Lambda tells a destination of a batch that was given up. */
export interface FailureRecord {
  readonly requestContext: {
    readonly functionArn: string;
    readonly condition: Cause;
    readonly approximateInvokeCount: number;
  };
  readonly version: "1.0";
  readonly timestamp: string;
  readonly DDBStreamBatchInfo: {
    readonly startSequenceNumber: string | undefined;
    readonly endSequenceNumber: string | undefined;
    readonly batchSize: number;
    readonly streamArn: string;
  };
}

interface LambdaRecord {
  readonly eventSource: string;
  readonly awsRegion: string;
  readonly eventSourceARN: string;
  readonly dynamodb: {
    readonly SequenceNumber?: string | undefined;
    readonly ApproximateCreationDateTime?: number | Date | undefined;
  };
}

type Cause = "RetryAttemptsExhausted" | "RecordAgeExceeded";
type Result = { readonly doneUpTo: number } | { readonly error: unknown };

/**
 * One event source mapping from a table stream to a function, as "Using AWS Lambda with Amazon
 * DynamoDB" describes it: retries in place, bisecting, partial failures, record age, and a
 * destination for what is given up.
 */
export class StreamMappingRunner {
  readonly #mapping: StreamMapping;
  readonly #context: MappingContext;
  readonly #filters: readonly ((event: object) => boolean)[];

  constructor(mapping: StreamMapping, context: MappingContext) {
    this.#mapping = mapping;
    this.#context = context;
    this.#filters = mapping.filterPatterns.map(compileEventPattern);
  }

  /** Delivers a batch; resolves when every record is done with or given up, or the run stops. */
  async deliver(records: readonly StreamRecord[]): Promise<void> {
    const lambdaRecords = records.map((record) => toLambdaRecord(record, this.#context));
    const wanted = lambdaRecords.filter(
      (record) => this.#filters.length === 0 || this.#filters.some((matches) => matches(record)),
    );
    if (wanted.length > 0) await this.#deliver(wanted, 0);
  }

  /** `retries`: how often these records were retried before. Halving a batch is a retry of both halves. */
  async #deliver(records: readonly LambdaRecord[], retries: number): Promise<void> {
    const { signal, backOff } = this.#context;
    if (retries > 0) await backOff(retries);
    const pending = signal.aborted ? [] : this.#dropExpired(records);
    if (pending.length === 0) return;
    const result = await this.#invoke(pending);
    if ("error" in result) return this.#retry(pending, retries, this.#mapping.bisects && pending.length > 1);
    const rest = pending.slice(result.doneUpTo);
    if (rest.length > 0) await this.#retry(rest, result.doneUpTo > 0 ? 0 : retries, false);
  }

  async #retry(records: readonly LambdaRecord[], retries: number, inHalves: boolean): Promise<void> {
    if (inHalves) {
      const middle = Math.ceil(records.length / 2);
      await this.#deliver(records.slice(0, middle), retries + 1);
      return this.#deliver(records.slice(middle), retries + 1);
    }
    const isSpent = this.#mapping.maxRetries >= 0 && retries >= this.#mapping.maxRetries;
    if (isSpent) return this.#giveUp(records, "RetryAttemptsExhausted", retries + 1);
    return this.#deliver(records, retries + 1);
  }

  async #invoke(records: readonly LambdaRecord[]): Promise<Result> {
    const { functionKey, reportsBatchItemFailures } = this.#mapping;
    try {
      const answer = (await this.#context.invoke(functionKey, { Records: records })) as
        | DynamoDBBatchResponse
        | undefined;
      const failures = reportsBatchItemFailures ? (answer?.batchItemFailures ?? []) : [];
      const places = failures.map(({ itemIdentifier }) =>
        records.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === itemIdentifier && itemIdentifier !== ""),
      );
      return { doneUpTo: places.length === 0 ? records.length : Math.max(0, Math.min(...places)) };
    } catch (error) {
      this.#context.log(`${functionKey} failed: ${messageOf(error)}`);
      return { error };
    }
  }

  #dropExpired(records: readonly LambdaRecord[]): readonly LambdaRecord[] {
    const { maxAgeSeconds } = this.#mapping;
    if (maxAgeSeconds < 0) return records;
    const oldest = this.#context.clock().getTime() / 1000 - maxAgeSeconds;
    const isExpired = ({ dynamodb }: LambdaRecord) => Number(dynamodb.ApproximateCreationDateTime ?? Infinity) < oldest;
    const expired = records.filter(isExpired);
    if (expired.length > 0) this.#giveUp(expired, "RecordAgeExceeded", 1);
    return records.filter((record) => !isExpired(record));
  }

  #giveUp(records: readonly LambdaRecord[], condition: Cause, invokeCount: number): void {
    const { functionKey } = this.#mapping;
    const { streamArn, clock, giveUp, log } = this.#context;
    log(`${functionKey}: ${records.length} record(s) given up (${condition})`);
    const account: FailureRecord = {
      requestContext: { functionArn: functionKey, condition, approximateInvokeCount: invokeCount },
      version: "1.0",
      timestamp: clock().toISOString(),
      DDBStreamBatchInfo: {
        startSequenceNumber: records[0]?.dynamodb.SequenceNumber,
        endSequenceNumber: records.at(-1)?.dynamodb.SequenceNumber,
        batchSize: records.length,
        streamArn,
      },
    };
    giveUp(account, { Records: records });
  }
}

/** The record as Lambda hands it to a function. */
function toLambdaRecord({ dynamodb, ...record }: StreamRecord, { streamArn, region }: MappingContext): LambdaRecord {
  const created = dynamodb?.ApproximateCreationDateTime;
  return {
    ...record,
    eventSource: "aws:dynamodb",
    awsRegion: region,
    eventSourceARN: streamArn,
    dynamodb: { ...dynamodb, ...(created ? { ApproximateCreationDateTime: created.getTime() / 1000 } : {}) },
  };
}
