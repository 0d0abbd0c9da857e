import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import pRetry from "p-retry";

/** Errors after which the same request may be sent again ("Error handling with DynamoDB", and the network's). */
const TRANSIENT = new Set([
  "InternalServerError",
  "ProvisionedThroughputExceededException",
  "ReplicatedWriteConflictException",
  "RequestLimitExceeded",
  "ServiceUnavailable",
  "ThrottlingException",
  "TimeoutError",
  "TransactionConflictException",
  "TransactionInProgressException",
  "ECONNREFUSED",
  "ECONNRESET",
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
  return TRANSIENT.has(error.name) || TRANSIENT.has(code) || error.message.includes("socket hang up");
}

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
