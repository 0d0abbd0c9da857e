import type { Lists, RowKey } from "../../definition/projection.ts";
import { MAX_PARTITION_KEY_BYTES } from "../../event-store/index.ts";
import { parkedPartition, partitionPart, sortPart } from "../../stream/index.ts";
import type { GenerationKey } from "../generation.ts";
import {
  checkPart,
  checkPlace,
  EVENT_ROW_PREFIX,
  MAX_SORT_KEY_BYTES,
  SHARED_ROW_PREFIX,
  sortKeyOf,
} from "../row-keys.ts";
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
  { row, key }: { readonly row: Row; readonly key: string },
): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [index, [list, place]] of Object.entries(lists ?? {}).entries()) {
    const at = checkPlace(list, place(row, key), key);
    if (at === undefined) continue;
    const partition = listPartition(generation, list, at.partition);
    checkPart(`${list}.partition`, at.partition, partition, MAX_PARTITION_KEY_BYTES);
    attributes[`list${index + 1}pk`] = partition;
    attributes[`list${index + 1}sk`] = sortKeyOf(at, key);
  }
  return attributes;
}

export const listPartition = (generation: GenerationKey, list: string, partition: string): string =>
  `${generationPrefix(generation)}${list}#${partition}`;

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

export const eventRowKey = (generation: GenerationKey, entityId: string, sequenceNumber: number): TableKey => ({
  pk: generationPrefix(generation) + partitionPart(entityId),
  sk: EVENT_ROW_PREFIX + sortable(sequenceNumber),
});

export const generationPrefix = ({ name, number: generation }: GenerationKey): string => `${name}@${generation}#`;
