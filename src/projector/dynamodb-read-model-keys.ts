import { checkWholeNumber } from "../event-store/index.ts";
import { parkedPartition } from "../stream/index.ts";
import type { Lists, RowKey } from "./definition.ts";

/** One build of a projection's rows. Several stand side by side. */
export interface GenerationKey {
  readonly name: string;
  readonly generation: number;
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
  failing: "failing",
  parked: "parked",
} as const;

export interface TableKey {
  readonly pk: string;
  readonly sk: string;
}

export const generationPrefix = ({ name, generation }: GenerationKey): string => `${name}@${generation}#`;

const DIGITS = 16;
/**
 * A whole number from 0 as a text that sorts in the order of the numbers.
 *
 * @throws {InvalidArgumentError} for any other number, whose text would not
 */
export function sortable(value: number): string {
  checkWholeNumber("sortable", value, 0);
  return String(value).padStart(DIGITS, "0");
}

/** The row of an entity, which carries the entity's checkpoint. */
export const entityRowKey = (of: GenerationKey, entityId: string): TableKey => ({
  pk: generationPrefix(of) + entityId,
  sk: "row",
});

/** The checkpoint of an entity whose rows stand elsewhere. */
export const checkpointKey = (of: GenerationKey, entityId: string): TableKey => ({
  pk: generationPrefix(of) + entityId,
  sk: "checkpoint",
});

export const EVENT_ROW_PREFIX = "event#";
export const eventRowKey = (of: GenerationKey, entityId: string, sequenceNumber: number): TableKey => ({
  pk: generationPrefix(of) + entityId,
  sk: EVENT_ROW_PREFIX + sortable(sequenceNumber),
});

export const SHARED_ROW_PREFIX = "row#";
export const sharedRowKey = (of: GenerationKey, { partition, key }: RowKey): TableKey => ({
  pk: generationPrefix(of) + partition,
  sk: SHARED_ROW_PREFIX + key,
});

export const controlKey = (name: string): TableKey => ({ pk: `control#${name}`, sk: "generations" });
export const parkedKey = ({ name, generation }: GenerationKey, entityId: string): TableKey => ({
  pk: parkedPartition(name),
  sk: `${sortable(generation)}#${entityId}`,
});
export const rebuildKey = ({ name, generation }: GenerationKey, segment: string): TableKey => ({
  pk: `rebuild#${name}@${generation}`,
  sk: segment,
});

const listNumber = <Row>(lists: Lists<Row>, list: string): number => Object.keys(lists).indexOf(list) + 1;
export const listIndex = <Row>(lists: Lists<Row>, list: string): string => `List${listNumber(lists, list)}`;
export const listPartition = (of: GenerationKey, list: string, partition: string): string =>
  `${generationPrefix(of)}${list}#${partition}`;

/** The attributes that put a row into its projection's lists; equal sorts are told apart by the key. */
export function listAttributes<Row>(
  of: GenerationKey,
  lists: Lists<Row> | undefined,
  row: Row,
  key: string,
): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [index, [list, place]] of Object.entries(lists ?? {}).entries()) {
    const at = place(row, key);
    if (!at) continue;
    attributes[`list${index + 1}pk`] = listPartition(of, list, at.partition);
    attributes[`list${index + 1}sk`] = `${at.sort}\u0000${key}`;
  }
  return attributes;
}
