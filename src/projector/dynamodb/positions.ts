import { GetCommand } from "@aws-sdk/lib-dynamodb";
import type { Projection } from "../../definition/projection.ts";
import type { Condition } from "../../event-store/dynamodb/index.ts";
import { REQUEST_ATTEMPTS, whileTransient } from "../../event-store/dynamodb/index.ts";
import { asError } from "../../event-store/index.ts";
import type { Item, ReadModelTable } from "../../stream/index.ts";
import { fetchAll } from "../../stream/index.ts";
import type { GenerationKey } from "../generation.ts";
import { type Position, startOf } from "../position.ts";
import type { Target } from "../target.ts";
import { type EncodedItem, encodeItem } from "./item-codec.ts";
import { checkpointKey, entityRowKey, ROW, type TableKey } from "./read-model-keys.ts";

/** A conditional put, as a request of its own or as a step of a transaction. */
export interface PutStep {
  readonly TableName: string;
  readonly Item: EncodedItem;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: EncodedItem;
}

interface PositionsQuery {
  readonly generation: GenerationKey;
  readonly entityIds: readonly string[];
  /** Default false. */
  readonly consistent?: boolean | undefined;
}

/** @throws what the table says of the first key that it refuses */
export async function getAll(
  table: ReadModelTable,
  keys: readonly TableKey[],
  consistent = false,
): Promise<readonly Item[]> {
  const { items, refused } = await fetchAll(table, keys, consistent);
  if (refused[0]) throw refused[0].error;
  return items;
}

/** As `findPositions`, without those that cannot be asked for. */
export async function readPositions(
  table: ReadModelTable,
  projection: Projection,
  query: PositionsQuery,
): Promise<Map<string, Position>> {
  const found = await findPositions(table, projection, query);
  return new Map([...found].flatMap(([id, position]) => (position instanceof Error ? [] : [[id, position] as const])));
}

/**
 * Positions of many entities in few requests; may be a moment old, which the conditional write finds out.
 * An entity whose position cannot be asked for comes with the error instead.
 */
export async function findPositions(
  table: ReadModelTable,
  projection: Projection,
  { generation, entityIds, consistent = false }: PositionsQuery,
): Promise<Map<string, Position | Error>> {
  const keys = new Map(entityIds.map((entityId) => [entityId, positionKey(projection, generation, entityId)]));
  const { items, refused } = await fetchAll(table, [...keys.values()], consistent);
  const found = new Map<string, Position | Error>(
    items.map((item) => [String(item[ROW.entityId]), readPosition(item)]),
  );
  const errors = new Map(refused.map(({ key, error }) => [key.pk, asError(error)]));
  return new Map(
    [...keys].map(([entityId, { pk }]) => [entityId, errors.get(pk) ?? found.get(entityId) ?? startOf(entityId)]),
  );
}

/** One position, strongly consistent. */
export async function readPositionNow(
  { client, name: table }: ReadModelTable,
  projection: Projection,
  { generation, entityId }: { readonly generation: GenerationKey; readonly entityId: string },
): Promise<Position> {
  const Key = positionKey(projection, generation, entityId);
  const command = new GetCommand({ TableName: table, Key, ConsistentRead: true });
  const { Item } = await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
  return Item ? readPosition(Item) : startOf(entityId);
}

export function readPosition(item: Item): Position {
  return {
    entityId: String(item[ROW.entityId]),
    checkpoint: Number(item[ROW.checkpoint] ?? 0),
    checkpointTime: item[ROW.checkpointTime] as string | undefined,
    parked: item[ROW.parked] === true,
    revision: Number(item[ROW.revision] ?? 0),
    row: item[ROW.row],
  };
}

/** The put that moves a position on, with the condition that no other writer has. @throws what `encodeItem` throws */
export function movePosition(
  table: ReadModelTable,
  { projection, generation }: Target,
  { before, after }: { readonly before: Position; readonly after: Position },
  attributes: Item = {},
): PutStep {
  const item = { ...positionKey(projection, generation, before.entityId), ...positionAttributes(after), ...attributes };
  return putStep(table, item, isUnchangedSince(before.revision));
}

/** The attributes that hold a position, at the next revision, for the item it is stored in. */
function positionAttributes(position: Position): Item {
  const { entityId, checkpoint, checkpointTime, parked } = position;
  return {
    [ROW.entityId]: entityId,
    [ROW.checkpoint]: checkpoint,
    ...(checkpointTime === undefined ? {} : { [ROW.checkpointTime]: checkpointTime }),
    ...(parked ? { [ROW.parked]: true } : {}),
    [ROW.revision]: position.revision + 1,
  };
}

/** Where an entity's checkpoint stands: in its row, or beside rows that are not one an entity. */
export function positionKey(projection: Projection, generation: GenerationKey, entityId: string): TableKey {
  return projection.kind === "row-per-entity"
    ? entityRowKey(generation, entityId)
    : checkpointKey(generation, entityId);
}

/** The item was not written since it was read; revision 0: it does not exist. */
export function isUnchangedSince(revision: number): Condition<unknown> {
  if (revision === 0) {
    return { ConditionExpression: "attribute_not_exists(#pk)", ExpressionAttributeNames: { "#pk": ROW.pk } };
  }
  return {
    ConditionExpression: "#revision = :revision",
    ExpressionAttributeNames: { "#revision": ROW.revision },
    ExpressionAttributeValues: { ":revision": revision },
  };
}

/** @throws what `encodeItem` throws */
export const putStep = (
  table: ReadModelTable,
  item: Item,
  condition: Condition<unknown>,
  encoded: EncodedItem = {},
): PutStep => ({
  TableName: table.name,
  Item: encodeItem(table, item, encoded),
  ...encodeCondition(table, condition),
});

export function encodeCondition(
  table: ReadModelTable,
  { ExpressionAttributeValues: values, ...names }: Condition<unknown>,
): Omit<PutStep, "TableName" | "Item"> {
  return values ? { ...names, ExpressionAttributeValues: encodeItem(table, values) } : names;
}
