import { UnstorableValueError } from "./errors.ts";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/**
 * The value that `JSON.parse(JSON.stringify(input))` gives, or an error that names the path where
 * JSON would have lost something in silence: NaN, Infinity, functions, Map, Set, cycles.
 *
 * @throws {UnstorableValueError} with `path` and `reason`
 */
export function toJsonObject(input: unknown, path: string): JsonObject {
  const value = convert(input, path, "", new Set());
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    refuse(path, `expected an object, got ${value === null ? "null" : Array.isArray(value) ? "a list" : typeof value}`);
  }
  return value as JsonObject;
}

function convert(input: unknown, path: string, key: string, seen: ReadonlySet<object>): JsonValue {
  const value =
    typeof input === "object" && input !== null && "toJSON" in input && typeof input.toJSON === "function"
      ? (input.toJSON(key) as unknown)
      : input;
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return numberToJson(value, path);
  if (typeof value !== "object") refuse(path, `a ${typeof value} has no JSON form`);
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    return convert(value.valueOf(), path, key, seen);
  }
  return objectToJson(value, path, seen);
}

function numberToJson(value: number, path: string): number {
  if (!Number.isFinite(value)) refuse(path, `${value} has no JSON form`);
  return value === 0 ? 0 : value;
}

function objectToJson(value: object, path: string, seen: ReadonlySet<object>): JsonValue {
  if (seen.has(value)) refuse(path, "it contains itself");
  if (value instanceof Map || value instanceof Set) refuse(path, `a ${describe(value)} has no JSON form`);
  const inside = new Set(seen).add(value);
  if (Array.isArray(value)) {
    return Array.from(value, (item, index) =>
      item === undefined ? null : convert(item, `${path}[${index}]`, String(index), inside),
    );
  }
  const result: Record<string, JsonValue> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    setKey(result, key, convert(item, `${path}.${key}`, key, inside));
  }
  return result;
}

const describe = (value: object): string => value.constructor?.name ?? "object";

function refuse(path: string, reason: string): never {
  throw new UnstorableValueError(path, reason);
}

/** Sets a key as JSON.parse would: `__proto__` becomes a property and never a prototype. */
export function setKey(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  } else {
    target[key] = value;
  }
}

/** Freezes plain objects and lists, and what is in them, once: what is frozen already is not looked into again. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value) || !isPlain(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) deepFreeze(item);
  return value;
}

/** An object literal or a list, also one of another realm, such as that of a test runner. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Array.isArray(value) || Object.getPrototypeOf(prototype) === null;
}
