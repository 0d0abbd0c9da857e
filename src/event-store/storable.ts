import { isDeepStrictEqual } from "node:util";
import { UnstorableValueError } from "./errors.ts";
import { isPlain, type JsonObject, type JsonValue, toJsonObject } from "./json.ts";
import { isWellFormed } from "./thrown.ts";

/**
 * What a DynamoDB map gives back as it was ("Supported data types and naming rules in Amazon DynamoDB"), and what the SDK
 * sends of it.
 *
 * @throws {UnstorableValueError} naming the path of what it would not
 */
export function checkStorable(value: JsonValue, path: string, depth = 1): void {
  if (typeof value === "number") checkNumber(value, path);
  if (typeof value === "string") checkText(value, path);
  if (typeof value !== "object" || value === null) return;
  checkDepth(depth, path);
  for (const [key, item] of Object.entries(value)) {
    if (!Array.isArray(value)) checkKey(key, `${path}.${key}`);
    checkStorable(item, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, depth + 1);
  }
}

/**
 * A value as JSON, if it comes back as it is: a date, a class or a Map would be something else when it is read. A field that
 * is undefined may be missing then.
 *
 * @throws {UnstorableValueError}
 */
export function plainJson(value: unknown, path: string): JsonObject {
  const stored = toJsonObject(value, path);
  if (!isDeepStrictEqual(withoutUndefined(value), stored))
    throw new UnstorableValueError(path, "it is not plain JSON, and would not come back as it is");
  return stored;
}

/** Without the fields that are undefined, at any depth: a document client refuses them unless it is told otherwise. */
export function withoutUndefined<T>(value: T): T;
export function withoutUndefined(value: unknown): unknown {
  // A list of another realm, such as that of a test runner, has another prototype.
  if (Array.isArray(value)) return Array.from(value, (item: unknown) => withoutUndefined(item));
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(fields.map(([name, item]) => [name, withoutUndefined(item)]));
}

export function checkDepth(depth: number, path: string): void {
  if (depth > MAX_DEPTH) throw new UnstorableValueError(path, `it is nested deeper than ${MAX_DEPTH} levels`);
}

export function checkNumber(value: number, path: string): void {
  const magnitude = Math.abs(value);
  if (magnitude > MAX_MAGNITUDE || (magnitude !== 0 && magnitude < MIN_MAGNITUDE))
    throw new UnstorableValueError(path, `${value} is outside the range of a DynamoDB number`);
}

export function checkKey(key: string, path: string): void {
  checkText(key, path);
  if (key === "") throw new UnstorableValueError(path, "an empty key is no DynamoDB attribute name");
  if (key === "__proto__") throw new UnstorableValueError(path, "the SDK drops a key of this name");
}

export function checkText(text: string, path: string): void {
  if (!isWellFormed(text)) throw new UnstorableValueError(path, "it holds half of a surrogate pair");
}

/** DynamoDB's documented limits: nesting depth, magnitude of numbers. */
const MAX_DEPTH = 32;
const MAX_MAGNITUDE = 9.99e125;
const MIN_MAGNITUDE = 1e-130;
