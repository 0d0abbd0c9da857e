import type { ListPlace } from "../definition/index.ts";
import { dropPromise, isThenable, isWellFormed, MAX_PARTITION_KEY_BYTES } from "../event-store/index.ts";
import { sortPart } from "../stream/index.ts";
import { sortable } from "./row-reader.ts";

/** A part of a key that a projection's code gave is no text that DynamoDB stores there. */
export class InvalidRowKeyError extends Error {
  readonly code = "INVALID_ROW_KEY";
  constructor(field: string, value: unknown, expected: string) {
    super(`${field}: expected ${expected}, got ${typeof value === "string" ? describeText(value) : typeof value}`);
    this.name = "InvalidRowKeyError";
  }
}

const describeText = (text: string): string =>
  `${Buffer.byteLength(text)} bytes${isWellFormed(text) ? "" : ", with half of a surrogate pair"}: ${JSON.stringify(text.slice(0, 40))}`;

/** The place of a row in a list, checked; undefined: it is not in it. @throws {InvalidRowKeyError} */
export function checkPlace(list: string, given: ListPlace | undefined, key: string): ListPlace | undefined {
  const place = atOnce(list, given);
  if (place === undefined) return undefined;
  if (typeof place !== "object" || place === null) throw new InvalidRowKeyError(list, place, "a partition and a sort");
  checkPart(`${list}.sort`, place.sort, sortKeyOf(place, key), MAX_SORT_KEY_BYTES);
  checkPart(`${list}.partition`, place.partition, `${list}#${place.partition}`, MAX_PARTITION_KEY_BYTES);
  return place;
}

/** Equal sorts are told apart by the key. */
export const sortKeyOf = ({ sort }: ListPlace, key: string): string => `${sort}\u0000${key}`;

/** @throws {InvalidRowKeyError} for a promise, whose rejection is ignored */
function atOnce<T>(list: string, place: T): T {
  if (!isThenable(place)) return place;
  dropPromise(place);
  throw new InvalidRowKeyError(list, place, "a place, not a promise of one");
}

/** @throws {InvalidRowKeyError} when the key made of the text would not fit */
export function checkPart(field: string, value: unknown, key: string, most: number): void {
  const isText = typeof value === "string" && isWellFormed(value);
  if (isText && Buffer.byteLength(key) <= most) return;
  throw new InvalidRowKeyError(field, value, `well-formed text whose key is at most ${most} bytes`);
}

/** Bytes. DynamoDB's limit of a sort key's value ("Constraints in Amazon DynamoDB"). */
export const MAX_SORT_KEY_BYTES = 1024;

/** What tells the row of an entity, or of one of its events, apart in a list. */
export const entityListKey = (entityId: string): string => sortPart(entityId);

export const eventListKey = (entityId: string, sequenceNumber: number): string =>
  `${sortPart(entityId)}#${EVENT_ROW_PREFIX}${sortable(sequenceNumber)}`;

export const EVENT_ROW_PREFIX = "event#";
export const SHARED_ROW_PREFIX = "row#";
