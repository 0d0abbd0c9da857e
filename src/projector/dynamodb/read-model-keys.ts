import type { Lists, RowKey } from "../../definition/projection.ts";
import { dropPromise, isThenable, isWellFormed, MAX_PARTITION_KEY_BYTES } from "../../event-store/index.ts";
import { parkedPartition, partitionPart, sortPart } from "../../stream/index.ts";
import type { GenerationKey } from "../generation.ts";
import { sortable } from "../row-reader.ts";

export interface TableKey {
  readonly pk: string;
  readonly sk: string;
}

/** The row of an entity, which carries the entity's checkpoint. */
export const entityRowKey = (generation: GenerationKey, entityId: string): TableKey => ({
  pk: generationPrefix(generation) + partitionPart(entityId),
  sk: "row",
});

/** The checkpoint of an entity whose rows stand elsewhere. */
export const checkpointKey = (generation: GenerationKey, entityId: string): TableKey => ({
  pk: generationPrefix(generation) + partitionPart(entityId),
  sk: "checkpoint",
});

export const SHARED_ROW_PREFIX = "row#";
/** @throws {InvalidRowKeyError} */
export function sharedRowKey(generation: GenerationKey, { partition, key }: RowKey): TableKey {
  const found = { pk: generationPrefix(generation) + partition, sk: SHARED_ROW_PREFIX + key };
  checkPart("partition", partition, found.pk, MAX_PARTITION_KEY_BYTES);
  checkPart("key", key, found.sk, MAX_SORT_KEY_BYTES);
  return found;
}

/** Where an event's failures are counted. */
export const failureKey = (generation: GenerationKey, entityId: string, sequenceNumber: number): TableKey => ({
  pk: generationPrefix(generation) + partitionPart(entityId),
  sk: `failure#${sortable(sequenceNumber)}`,
});

/** Which generations live events flow into, an item for each reader of the events. */
export const FEEDING_PARTITION = "feeding";
export const controlKey = (name: string): TableKey => ({ pk: `control#${name}`, sk: "generations" });

export const parkedKey = ({ name, number: generation }: GenerationKey, entityId: string): TableKey => ({
  pk: parkedPartition(name),
  sk: `${sortable(generation)}#${sortPart(entityId)}`,
});

/** Events that were passed by, by entity. */
export const skippedKey = (generation: GenerationKey, entityId: string, sequenceNumber: number): TableKey => ({
  pk: `skipped#${generation.name}@${generation.number}`,
  sk: `${sortPart(entityId)}#${sortable(sequenceNumber)}`,
});

/** The place of a segment of a scan; a generation may be scanned again. */
export const rebuildKey = ({ name, number: generation }: GenerationKey, segment: string): TableKey => ({
  pk: `rebuild#${name}@${generation}`,
  sk: segment,
});

export const listIndex = <Row>(lists: Lists<Row>, list: string): string => `List${listNumber(lists, list)}`;

const listNumber = <Row>(lists: Lists<Row>, list: string): number => Object.keys(lists).indexOf(list) + 1;

/**
 * The attributes that put a row into its projection's lists; equal sorts are told apart by the key.
 *
 * @throws {InvalidRowKeyError} and what the list's code throws
 */
export function listAttributes<Row>(
  generation: GenerationKey,
  lists: Lists<Row> | undefined,
  row: Row,
  key: string,
): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [index, [list, place]] of Object.entries(lists ?? {}).entries()) {
    const at = atOnce(list, place(row, key));
    if (at === undefined) continue;
    const sort = `${at.sort}\u0000${key}`;
    checkPart(`${list}.sort`, at.sort, sort, MAX_SORT_KEY_BYTES);
    attributes[`list${index + 1}pk`] = listPartition(generation, list, at.partition);
    attributes[`list${index + 1}sk`] = sort;
  }
  return attributes;
}

/** @throws {InvalidRowKeyError} for a promise, whose rejection is ignored */
function atOnce<T>(list: string, place: T): T {
  if (!isThenable(place)) return place;
  dropPromise(place);
  throw new InvalidRowKeyError(list, place, "a place, not a promise of one");
}

/** @throws {InvalidRowKeyError} */
export function listPartition(generation: GenerationKey, list: string, partition: string): string {
  const key = `${generationPrefix(generation)}${list}#${partition}`;
  checkPart(`${list}.partition`, partition, key, MAX_PARTITION_KEY_BYTES);
  return key;
}

/** @throws {InvalidRowKeyError} when the key made of the text would not fit */
function checkPart(field: string, value: unknown, key: string, most: number): void {
  const isText = typeof value === "string" && isWellFormed(value);
  if (isText && Buffer.byteLength(key) <= most) return;
  throw new InvalidRowKeyError(field, value, `well-formed text whose key is at most ${most} bytes`);
}

/** Attribute names of the ReadModels table. */
export const ROW = {
  pk: "pk",
  sk: "sk",
  entityId: "entityId",
  row: "row",
  revision: "revision",
  checkpoint: "checkpoint",
  checkpointTime: "checkpointTime",
  parked: "parked",
} as const;

/** Bytes. DynamoDB's limit of a sort key's value ("Constraints in Amazon DynamoDB"). */
const MAX_SORT_KEY_BYTES = 1024;

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

/** What tells the row of an entity, or of one of its events, apart in a list. */
export const entityListKey = (entityId: string): string => sortPart(entityId);

export const eventListKey = (entityId: string, sequenceNumber: number): string =>
  `${sortPart(entityId)}#${EVENT_ROW_PREFIX}${sortable(sequenceNumber)}`;

export const EVENT_ROW_PREFIX = "event#";
export const eventRowKey = (generation: GenerationKey, entityId: string, sequenceNumber: number): TableKey => ({
  pk: generationPrefix(generation) + partitionPart(entityId),
  sk: EVENT_ROW_PREFIX + sortable(sequenceNumber),
});

export const generationPrefix = ({ name, number: generation }: GenerationKey): string => `${name}@${generation}#`;
