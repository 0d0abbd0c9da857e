import type { StoredEvent } from "../event-store/index.ts";

/** Bytes. The event must fit into its parked item, beside key and error; a larger one stays in the store alone. */
const MAX_PARKED_EVENT = 300 * 1024;

/**
 * The event as a parked item keeps it: JSON text, which takes every number and every depth that the
 * store takes. Undefined when there is none, or it is too large.
 */
export function parkedText(event: StoredEvent | undefined): string | undefined {
  if (event === undefined) return undefined;
  const text = JSON.stringify(event);
  return Buffer.byteLength(text) <= MAX_PARKED_EVENT ? text : undefined;
}
