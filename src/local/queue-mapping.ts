import type { SQSBatchResponse } from "aws-lambda";
import { messageOf } from "../event-store/index.ts";
import type { LocalQueue, QueueMessage } from "./queue.ts";
import type { QueueMapping } from "./service-definition.ts";
import type { Invoke } from "./stream-mapping.ts";

export interface QueueMappingContext {
  readonly invoke: Invoke;
  readonly queue: LocalQueue;
  readonly region: string;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  /** Waits between looks at an empty queue; ends early when the run stops. */
  readonly rest: () => Promise<void>;
  /** Told how many messages the function has taken. */
  readonly taken?: (messages: number) => void;
}

/** One event source mapping from a queue to a function, until the signal falls. */
export async function runQueueMapping(mapping: QueueMapping, context: QueueMappingContext): Promise<void> {
  while (!context.signal.aborted) {
    if ((await deliverOnce(mapping, context)) === 0) await context.rest();
  }
}

/** Hands one batch to the function; what it does not fail is deleted, the rest shows up again after the visibility timeout. */
export async function deliverOnce(mapping: QueueMapping, context: QueueMappingContext): Promise<number> {
  const { queue, region, invoke, log } = context;
  const batch = queue.receive(mapping.batchSize);
  if (batch.length === 0) return 0;
  try {
    const Records = batch.map((message) => toRecord(message, region, queue.name));
    const answer = (await invoke(mapping.functionKey, { Records })) as SQSBatchResponse | undefined;
    const failed = mapping.reportsBatchItemFailures ? failedOf(batch, answer) : new Set<string>();
    for (const { id } of batch) if (!failed.has(id)) queue.delete(id);
    context.taken?.(batch.length - failed.size);
  } catch (error) {
    log(`${mapping.functionKey} failed: ${messageOf(error)}`);
  }
  return batch.length;
}

function toRecord({ id, body, attributes, sentAt, receiveCount }: QueueMessage, region: string, name: string) {
  return {
    messageId: id,
    receiptHandle: id,
    body,
    attributes: { ApproximateReceiveCount: String(receiveCount), SentTimestamp: String(sentAt) },
    messageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([key, stringValue]) => [key, { dataType: "String", stringValue }]),
    ),
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: `arn:aws:sqs:${region}:000000000000:${name}`,
    awsRegion: region,
  };
}

/** Which messages of a batch must come again. */
function failedOf(batch: readonly QueueMessage[], answer: SQSBatchResponse | undefined): ReadonlySet<string> {
  const failures = answer?.batchItemFailures ?? [];
  const ids = new Set(batch.map(({ id }) => id));
  const isUnknown = failures.some(({ itemIdentifier }) => !ids.has(itemIdentifier));
  return isUnknown ? ids : new Set(failures.map(({ itemIdentifier }) => itemIdentifier));
}
