import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import pRetry from "p-retry";
import { StoreUnavailableError } from "../errors.ts";
import { pause } from "../pause.ts";

/** How often a throttled or conflicting request is sent, each time with the SDK's own attempts, unless a caller says otherwise. */
export const REQUEST_ATTEMPTS = 8;

/**
 * The service refused the request for what it contains (a key or an item over a limit, an invalid
 * value): sent again it is refused again, and of a shared request one part may be to blame. Only for
 * errors that a call of the SDK threw.
 */
export function isRefusedContent(error: unknown): boolean {
  if (error instanceof TransactionCanceledException)
    return (error.CancellationReasons ?? []).some(({ Code }) => REFUSED_ITEM.has(Code ?? ""));
  if (!(error instanceof Error)) return false;
  return error.name === "ValidationException" || (statusOf(error) >= 400 && !isSystemState(error));
}

/** What an answer says of the caller, its rights or the resource as it is, and nothing of the request's content. */
const ABOUT_THE_CALLER = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "ConditionalCheckFailedException",
  "CredentialsProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "IncompleteSignature",
  "IncompleteSignatureException",
  "InvalidClientTokenId",
  "InvalidSignatureException",
  "KMSAccessDeniedException",
  "KMSDisabledException",
  "KMSInvalidStateException",
  "KMSNotFoundException",
  "MissingAuthenticationToken",
  "MissingAuthenticationTokenException",
  "NotAuthorized",
  "OptInRequired",
  "RequestExpired",
  "ResourceNotFoundException",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
]);

const REFUSED_ITEM = new Set(["ValidationError", "ItemCollectionSizeLimitExceeded"]);

/** The SDK's error is about the system's state: throttled, unreachable, permission missing, table missing. */
export function isSystemState(error: unknown): boolean {
  if (isTransient(error)) return true;
  if (!(error instanceof Error)) return false;
  const wasSent = "$metadata" in error;
  return (
    ABOUT_THE_CALLER.has(error.name) ||
    statusOf(error) === 401 ||
    statusOf(error) === 403 ||
    (wasSent && statusOf(error) === 0)
  );
}

/** As `whileAvailable`, for what is read one after another. */
export async function* readAvailable<T>(entityId: string, source: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* source;
  } catch (cause) {
    throw named(entityId, cause);
  }
}

/** Milliseconds before the rest of a batch is sent again. */
const PARTIAL_PAUSE_MS = 20;

/**
 * Sends a batch and, of it, again what was left unprocessed, with backoff. A round in which something
 * was taken is no failed attempt; throws after so many rounds in a row that took nothing.
 *
 * @param send returns what was left unprocessed
 */
export async function untilProcessed<T>(
  attempts: number,
  batch: T[],
  send: (batch: T[]) => Promise<T[]>,
): Promise<void> {
  let left = batch;
  while (left.length > 0) {
    if (left.length < batch.length) await pause(PARTIAL_PAUSE_MS);
    const before = left.length;
    await whileTransient(attempts, async () => {
      left = await send(left);
      if (left.length >= before) throw new UnprocessedError(`${left.length} of ${batch.length} were not processed`);
    });
  }
}

/** Sends again, with exponential backoff and jitter, while the error is a passing one. */
export function whileTransient<T>(attempts: number, send: () => Promise<T>): Promise<T> {
  return pRetry(send, {
    retries: attempts - 1,
    minTimeout: 10,
    maxTimeout: 1_000,
    factor: 2,
    randomize: true,
    maxRetryTime: MAX_RETRY_MS,
    shouldRetry: ({ error }) => isTransient(error) && !(error instanceof StoreUnavailableError),
  });
}

/** Milliseconds after which a request that is refused again and again is not sent again. */
const MAX_RETRY_MS = 15_000;

/** @throws {StoreUnavailableError} naming the entity, when the tables do not answer for as long as is tried */
export async function whileAvailable<T>(entityId: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw named(entityId, cause);
  }
}

const named = (entityId: string, cause: unknown): unknown =>
  isTransient(cause) && !(cause instanceof StoreUnavailableError)
    ? new StoreUnavailableError(entityId, { cause })
    : cause;

export function isTransient(error: unknown): boolean {
  if (error instanceof TransactionCanceledException) return isTransientCancellation(error);
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (statusOf(error) >= 500 || statusOf(error) === 429) return true;
  return TRANSIENT.has(error.name) || TRANSIENT.has(code) || error.message.includes("socket hang up");
}

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
  "UNAVAILABLE",
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

/** The HTTP status of the answer that the SDK made an error of; 0: there was none. */
function statusOf(error: Error): number {
  const { httpStatusCode = 0 } = ("$metadata" in error ? error.$metadata : {}) as { httpStatusCode?: number };
  return httpStatusCode;
}

/** Some keys or items of a batch were not taken: an error that passes by itself. */
export class UnprocessedError extends Error {
  override readonly name = "ThrottlingException";
}
