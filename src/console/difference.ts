import type { Json, JsonFields } from "./contract.ts";
import { isFields } from "./key-order.ts";

/** One value that is not what it was; undefined where there was none, or is none any more. */
export interface Difference {
  readonly path: readonly string[];
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** What differs between two values, field by field. */
export function differences(
  before: Json | undefined,
  after: Json | undefined,
  path: readonly string[] = [],
): Difference[] {
  if (isFields(before) && isFields(after)) return within(before, after, path);
  if (Array.isArray(before) && Array.isArray(after)) return within(fieldsOf(before), fieldsOf(after), path);
  return isSame(before, after) ? [] : [{ path, before, after }];
}

function within(before: JsonFields, after: JsonFields, path: readonly string[]): Difference[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => differences(before[key], after[key], [...path, key]));
}

const fieldsOf = (list: readonly Json[]): JsonFields =>
  Object.fromEntries(list.map((item, index) => [String(index), item]));

/** The database keeps no order of keys. */
function isSame(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  return Object.keys(a).length === Object.keys(b).length && differences(a, b).length === 0;
}

export const pathText = (path: readonly string[]): string => path.join(".");
