import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { CorruptItemError } from "../errors.ts";
import { deepFreeze, type JsonObject, type JsonValue, setKey } from "../json.ts";
import { checkDepth, checkKey, checkNumber, checkText } from "../storable.ts";

/**
 * How a payload stands in its attribute: as a native map, which the console and the table stream
 * show and filters can look into, or as one JSON string, which is several times faster to load.
 * Readers take both.
 */
export type PayloadEncoding = "map" | "json";

/** @throws {UnstorableValueError} under "map" for what a DynamoDB map would not give back as it was */
export function encodePayload(payload: JsonObject, encoding: PayloadEncoding, path: string): AttributeValue {
  return encoding === "json" ? { S: JSON.stringify(payload) } : encodeValue(payload, path, 1);
}

function encodeValue(value: JsonValue, path: string, depth: number): AttributeValue {
  if (value === null) return { NULL: true };
  if (typeof value === "boolean") return { BOOL: value };
  if (typeof value === "number") {
    checkNumber(value, path);
    return { N: String(value) };
  }
  if (typeof value === "string") {
    checkText(value, path);
    return { S: value };
  }
  checkDepth(depth, path);
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

/**
 * A payload as it stands in an item, frozen: a map, or the JSON text of any value, as other writers may have left it.
 *
 * @throws {CorruptItemError} naming the path of a number that JavaScript cannot hold exactly, of binary data, and of
 * text that is no JSON
 */
export function decodePayload(value: AttributeValue | undefined, key: string, field: string): JsonValue {
  if (value === undefined) throw new CorruptItemError(key, field, "there");
  try {
    return value.S === undefined ? decodeValue(value) : deepFreeze(JSON.parse(value.S) as JsonValue);
  } catch (cause) {
    if (cause instanceof UnreadableValue) throw new CorruptItemError(key, field + cause.path, cause.expected);
    throw new CorruptItemError(key, field, "a map or the JSON text of a value", { cause });
  }
}

function decodeValue(value: AttributeValue): JsonValue {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return decodeNumber(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.L !== undefined) return decodeList(value.L);
  if (value.M !== undefined) return decodeMap(value.M);
  if (value.SS !== undefined) return Object.freeze([...value.SS]);
  if (value.NS !== undefined) return Object.freeze(value.NS.map(decodeNumber));
  if (value.B !== undefined || value.BS !== undefined)
    throw new UnreadableValue("a value that JSON has a form for: it is binary");
  return null;
}

/** Digits up to which every number is held exactly. */
const SAFE_DIGITS = 15;

function decodeNumber(text: string): number {
  const number = Number(text);
  if (text.length <= SAFE_DIGITS || digitsOf(String(number)) === digitsOf(text)) return number;
  throw new UnreadableValue(`a number that JavaScript holds exactly: it is ${text}`);
}

/** A decimal number as its sign, digits and exponent, in one form. */
function digitsOf(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = whole + fraction;
  const digits = all.replace(/^0+|0+$/g, "");
  const trailing = all.length - all.replace(/0+$/, "").length;
  return digits === "" ? "0" : `${sign}${digits}e${Number(exponent) - fraction.length + trailing}`;
}

function decodeList(list: readonly AttributeValue[]): JsonValue {
  const result: JsonValue[] = [];
  try {
    for (const item of list) result.push(decodeValue(item));
  } catch (error) {
    throw within(`[${result.length}]`, error);
  }
  return Object.freeze(result);
}

function decodeMap(map: Readonly<Record<string, AttributeValue>>): JsonValue {
  const result: Record<string, JsonValue> = {};
  const set = Object.hasOwn(map, "__proto__") ? setKey : setPlainKey;
  let at = "";
  try {
    for (const key in map) {
      at = key;
      set(result, key, decodeValue(map[key] as AttributeValue));
    }
  } catch (error) {
    throw within(`.${at}`, error);
  }
  return Object.freeze(result);
}

function setPlainKey(target: Record<string, JsonValue>, key: string, value: JsonValue): void {
  target[key] = value;
}

const within = (part: string, error: unknown): unknown =>
  error instanceof UnreadableValue ? error.within(part) : error;

/** Where in a payload a value stands that would be read as something else. */
class UnreadableValue extends Error {
  constructor(
    readonly expected: string,
    readonly path = "",
  ) {
    super(expected);
  }
  within(part: string): UnreadableValue {
    return new UnreadableValue(this.expected, part + this.path);
  }
}
