import type { Json, JsonFields, JsonSchema } from "./contract.ts";
import { isDateTime } from "./format.ts";
import { fieldsIn, objectIn } from "./json-schema.ts";

/**
 * The keys of an object in the order of its schema. What the schema does not know stands around it: ids first, times
 * last.
 */
export function orderedKeys(value: JsonFields, schema: JsonSchema | undefined): string[] {
  const known = Object.keys(fieldsIn(objectIn(schema, value)));
  const placeOf = (key: string): number => {
    const index = known.indexOf(key);
    if (index >= 0) return FIRST_KNOWN + index;
    if (TECHNICAL.has(key)) return LAST + 1;
    if (isTime(key, value[key])) return LAST;
    return /Id$|^id$/.test(key) ? 0 : 1;
  };
  return Object.keys(value).sort((a, b) => placeOf(a) - placeOf(b) || (a < b ? -1 : 1));
}

/** The columns of some rows, in such an order. */
export function columnsOf(rows: readonly Json[], schema: JsonSchema | undefined): string[] {
  const merged: Record<string, Json> = {};
  for (const row of rows)
    if (isFields(row))
      for (const [key, value] of Object.entries(row))
        if (merged[key] === undefined || merged[key] === null) merged[key] = value;
  return orderedKeys(merged, schema);
}

export const isFields = (value: Json | undefined): value is JsonFields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isTime = (key: string, value: Json | undefined): boolean =>
  (typeof value === "string" && isDateTime(value)) || /(At|Time)$/.test(key);

/** Ids of what is beside the domain. */
const TECHNICAL = new Set(["correlationId", "causationId", "commandId", "eventId"]);
const FIRST_KNOWN = 2;
const LAST = 10_000;
