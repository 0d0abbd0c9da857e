import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import pRetry from "p-retry";
import { EventStoreError } from "./errors.ts";

/** Errors after which the same request may be sent again ("Error handling with DynamoDB", and the network's). */
const TRANSIENT = new Set([
  "InternalServerError",
  "LimitExceededException",
  "ProvisionedThroughputExceededException",
  "ReplicatedWriteConflictException",
  "RequestLimitExceeded",
  "ServiceUnavailable",
  "ThrottlingException",
  "TimeoutError",
  "TransactionConflictException",
  "TransactionInProgressException",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

const TRANSIENT_REASONS = new Set(["None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]);

/** A transaction is worth another try when every reason of its cancellation passes by itself. */
function isTransientCancellation(error: TransactionCanceledException): boolean {
  const reasons = error.CancellationReasons ?? [];
  return reasons.length > 0 && reasons.every((reason) => TRANSIENT_REASONS.has(reason.Code ?? "None"));
}

export function isTransient(error: unknown): boolean {
  if (error instanceof TransactionCanceledException) return isTransientCancellation(error);
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const { httpStatusCode = 0 } = ("$metadata" in error ? error.$metadata : {}) as { httpStatusCode?: number };
  if (httpStatusCode >= 500) return true;
  return TRANSIENT.has(error.name) || TRANSIENT.has(code) || error.message.includes("socket hang up");
}

/** The event itself cannot be read; throttles, lost connections and missing rights say nothing about it. */
export const isFaultOfTheEvent = (error: unknown): error is EventStoreError =>
  error instanceof EventStoreError && !isTransient(error);

/** Sends again, with exponential backoff and jitter, while the error is a passing one. */
export function whileTransient<T>(attempts: number, send: () => Promise<T>): Promise<T> {
  return pRetry(send, {
    retries: attempts - 1,
    minTimeout: 10,
    maxTimeout: 1_000,
    factor: 2,
    randomize: true,
    shouldRetry: ({ error }) => isTransient(error),
  });
}

/** Some keys or items of a batch were not taken: an error that passes by itself. */
export class UnprocessedError extends Error {
  override readonly name = "ThrottlingException";
}

/**
 * Sends a batch and, of it, again what was left unprocessed, with backoff; throws when some of it is
 * left after the last attempt.
 *
 * @param send answers with what was left unprocessed
 */
export async function untilProcessed<T>(
  attempts: number,
  batch: T[],
  send: (batch: T[]) => Promise<T[]>,
): Promise<void> {
  let left = batch;
  await whileTransient(attempts, async () => {
    left = await send(left);
    if (left.length > 0) throw new UnprocessedError(`${left.length} of ${batch.length} were not processed`);
  });
}
