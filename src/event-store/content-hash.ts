import { createHash } from "node:crypto";

/** A digest that is the same for the same content, whatever the order of its keys. */
export function contentHash(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content, sortKeys)).digest("base64url").slice(0, 22);
}

/** For JSON.stringify: the same text for the same content, in whichever order its keys were made. */
export function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
