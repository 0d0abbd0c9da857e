import type { DynamoDBBatchResponse } from "aws-lambda";
import type { StreamedEvent } from "./records.ts";

/** An entity of which everything from `fromSequence` on must be delivered again. */
export interface EntityFailure {
  readonly entityId: string;
  readonly fromSequence: number;
}

/**
 * The answer to an event source mapping with ReportBatchItemFailures: the first record that must
 * come again, from which Lambda sends the rest of the batch again. An empty identifier would fail
 * the whole batch, so a failure without a record throws.
 */
export function batchAnswer(
  records: readonly StreamedEvent[],
  failures: readonly EntityFailure[],
): DynamoDBBatchResponse {
  if (failures.length === 0) return { batchItemFailures: [] };
  const from = new Map<string, number>();
  for (const { entityId, fromSequence } of failures) {
    from.set(entityId, Math.min(fromSequence, from.get(entityId) ?? Number.POSITIVE_INFINITY));
  }
  const first = records.find(({ entityId, sequenceNumber }) => sequenceNumber >= (from.get(entityId) ?? Infinity));
  if (!first) throw new Error(`no record in the batch for the failure of ${failures[0]?.entityId}`);
  return { batchItemFailures: [{ itemIdentifier: first.recordId }] };
}
