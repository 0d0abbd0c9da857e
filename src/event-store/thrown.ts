/**
 * Calls a function that must be synchronous.
 *
 * @param toError what is thrown instead of what it throws, or because it returns a promise
 */
export function callNow<T>(call: () => T, toError: (thrown: unknown) => Error): T {
  let result: T;
  try {
    result = call();
  } catch (thrown) {
    throw toError(thrown);
  }
  if (!isThenable(result)) return result;
  dropPromise(result);
  throw toError(new TypeError("it must not be asynchronous, and returned a promise"));
}

/** A promise of any library. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  (typeof value === "object" || typeof value === "function") &&
  value !== null &&
  typeof read(
    () => (value as { then?: unknown }).then,
    (then) => typeof then === "function",
  ) === "function";

/** Ignores a promise that is not awaited, and its rejection. */
export function dropPromise(promise: PromiseLike<unknown>): void {
  Promise.resolve(promise).catch(() => undefined);
}

/** A value for a message: as JSON where there is one, and never more than a line or two of it. */
export function showValue(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "bigint") return `${value}n`;
  const text = read(() => JSON.stringify(value)) ?? shown(value);
  return text.length <= MAX_SHOWN ? text : `${storableText(text, MAX_SHOWN)}…`;
}

const MAX_SHOWN = 300;

/** Error, stack and causes as text that DynamoDB stores: well-formed Unicode of a bounded length. */
export function describeThrown(thrown: unknown, maxLength = MAX_LENGTH): string {
  const parts: string[] = [];
  let current: unknown = thrown;
  for (let depth = 0; depth < MAX_CAUSES && current !== undefined; depth += 1) {
    const error = asError(current);
    parts.push(read(() => error.stack) ?? messageOf(error));
    current = read(() => error.cause, isError);
  }
  return storableText(parts.join("\nCaused by: "), maxLength);
}

const isError = (value: unknown): boolean => value instanceof Error;

export const messageOf = (thrown: unknown): string =>
  read(() => asError(thrown).message) ?? "an error without a message";

/** Whatever was thrown, as an Error; any other value becomes the message of one. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(shown(thrown), { cause: thrown });
}

/** A value may refuse to be shown: an object without a prototype, a `toString` that throws. */
const shown = (value: unknown): string => read(() => String(value)) ?? `a value of type ${typeof value}`;

/** What a property is, unless it is of another type, or a getter that throws. */
function read<T>(get: () => T, isExpected: (value: T) => boolean = isText): T | undefined {
  try {
    const value = get();
    return isExpected(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isText = (value: unknown): boolean => typeof value === "string";

/** A lone surrogate, which UTF-8 has no form for, becomes U+FFFD; nothing is cut in the middle of a character. */
export function storableText(text: string, maxLength: number): string {
  const end = isHighSurrogate(text.charCodeAt(maxLength - 1)) ? maxLength - 1 : maxLength;
  return text.slice(0, text.length > maxLength ? end : undefined).replace(LONE_SURROGATE, "\uFFFD");
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;

/** UTF-16 code units that are kept of an error with its stack: at most 24,000 bytes. */
const MAX_LENGTH = 8_000;
const MAX_CAUSES = 5;

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** False for text with half of a surrogate pair, which UTF-8 has no form for. */
export const isWellFormed = (text: string): boolean => text.search(LONE_SURROGATE) === -1;
