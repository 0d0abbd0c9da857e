import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { CorruptItemError, UnstorableValueError } from "./errors.ts";
import { type JsonObject, type JsonValue, setKey } from "./json.ts";
import { isWellFormed } from "./thrown.ts";

/**
 * How a payload stands in its attribute: as a native map, which the console and the table stream
 * show and filters can look into, or as one JSON string, which is several times faster to load.
 * Readers take both.
 */
export type PayloadEncoding = "map" | "json";

/** DynamoDB's documented limits: nesting depth, magnitude of numbers. */
const MAX_DEPTH = 32;
const MAX_MAGNITUDE = 9.99e125;
const MIN_MAGNITUDE = 1e-130;

function checkText(text: string, path: string): void {
  if (!isWellFormed(text)) throw new UnstorableValueError(path, "it holds half of a surrogate pair");
}

function encodeNumber(value: number, path: string): AttributeValue {
  const magnitude = Math.abs(value);
  if (magnitude > MAX_MAGNITUDE || (magnitude !== 0 && magnitude < MIN_MAGNITUDE)) {
    throw new UnstorableValueError(path, `${value} is outside the range of a DynamoDB number`);
  }
  return { N: String(value) };
}

function checkKey(key: string, path: string): void {
  checkText(key, path);
  if (key === "") throw new UnstorableValueError(path, "an empty key is no DynamoDB attribute name");
  if (key === "__proto__") throw new UnstorableValueError(path, "the SDK drops a key of this name");
}

function encodeValue(value: JsonValue, path: string, depth: number): AttributeValue {
  if (value === null) return { NULL: true };
  if (typeof value === "boolean") return { BOOL: value };
  if (typeof value === "number") return encodeNumber(value, path);
  if (typeof value === "string") {
    checkText(value, path);
    return { S: value };
  }
  if (depth > MAX_DEPTH) throw new UnstorableValueError(path, `it is nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) {
    return { L: value.map((item: JsonValue, index) => encodeValue(item, `${path}[${index}]`, depth + 1)) };
  }
  const map: Record<string, AttributeValue> = {};
  for (const [key, item] of Object.entries(value)) {
    checkKey(key, `${path}.${key}`);
    map[key] = encodeValue(item, `${path}.${key}`, depth + 1);
  }
  return { M: map };
}

/** @throws {UnstorableValueError} under "map" for what a DynamoDB map would not give back as it was */
export function encodePayload(payload: JsonObject, encoding: PayloadEncoding, path: string): AttributeValue {
  return encoding === "json" ? { S: JSON.stringify(payload) } : encodeValue(payload, path, 1);
}

function decodeValue(value: AttributeValue): JsonValue {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.L !== undefined) return value.L.map(decodeValue);
  if (value.M !== undefined) {
    const result: Record<string, JsonValue> = {};
    for (const key in value.M) setKey(result, key, decodeValue(value.M[key] as AttributeValue));
    return result;
  }
  if (value.SS !== undefined) return value.SS;
  if (value.NS !== undefined) return value.NS.map(Number);
  return null;
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** @throws {CorruptItemError} when the attribute is neither a map nor the JSON text of an object */
export function decodePayload(value: AttributeValue | undefined, key: string, field: string): JsonObject {
  if (value?.M !== undefined) return decodeValue(value) as JsonObject;
  try {
    const parsed: unknown = value?.S === undefined ? undefined : JSON.parse(value.S);
    if (isObject(parsed)) return parsed;
  } catch (cause) {
    throw new CorruptItemError(key, field, "a map or the JSON text of an object", { cause });
  }
  throw new CorruptItemError(key, field, "a map or the JSON text of an object");
}
