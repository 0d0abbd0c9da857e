import { BatchGetCommand, type DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import { untilProcessed, whileTransient } from "../event-store/index.ts";
import type { Projection } from "./definition.ts";
import { checkpointKey, entityRowKey, type GenerationKey, ROW, type TableKey } from "./dynamodb-read-model-keys.ts";
import { type Position, startOf } from "./position.ts";

export interface ReadModelTable {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
}

type Item = Record<string, unknown>;

/** DynamoDB's limit of keys in one BatchGetItem. */
const BATCH = 100;
export const ATTEMPTS = 8;

/** Where an entity's checkpoint stands: in its row, or beside rows that are not one an entity. */
export function positionKey(projection: Projection, of: GenerationKey, entityId: string): TableKey {
  return projection.kind === "row-per-entity" ? entityRowKey(of, entityId) : checkpointKey(of, entityId);
}

export function readPosition(item: Item): Position {
  return {
    entityId: String(item[ROW.entityId]),
    checkpoint: Number(item[ROW.checkpoint] ?? 0),
    checkpointTime: item[ROW.checkpointTime] as string | undefined,
    failing: item[ROW.failing] as Position["failing"],
    parked: item[ROW.parked] === true,
    revision: Number(item[ROW.revision] ?? 0),
    row: item[ROW.row],
  };
}

/** The attributes that hold a position, at the next revision, for the item it is stored in. */
export function positionAttributes(position: Position): Item {
  const { entityId, checkpoint, checkpointTime, failing, parked } = position;
  return {
    [ROW.entityId]: entityId,
    [ROW.checkpoint]: checkpoint,
    ...(checkpointTime === undefined ? {} : { [ROW.checkpointTime]: checkpointTime }),
    ...(failing ? { [ROW.failing]: failing } : {}),
    ...(parked ? { [ROW.parked]: true } : {}),
    [ROW.revision]: position.revision + 1,
  };
}

export interface Condition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, unknown>;
}

/** Nobody has written the item since it was read; revision 0: nobody has ever written it. */
export function isUnchangedSince(revision: number): Condition {
  if (revision === 0) {
    return { ConditionExpression: "attribute_not_exists(#pk)", ExpressionAttributeNames: { "#pk": ROW.pk } };
  }
  return {
    ConditionExpression: "#revision = :revision",
    ExpressionAttributeNames: { "#revision": ROW.revision },
    ExpressionAttributeValues: { ":revision": revision },
  };
}

export async function getAll(
  { client, table }: ReadModelTable,
  keys: readonly TableKey[],
  consistent = false,
): Promise<Item[]> {
  const items: Item[] = [];
  for (let start = 0; start < keys.length; start += BATCH) {
    const wanted: Item[] = keys.slice(start, start + BATCH).map((key) => ({ ...key }));
    await untilProcessed(ATTEMPTS, wanted, async (left) => {
      const RequestItems = { [table]: { Keys: left, ConsistentRead: consistent } };
      const answer = await client.send(new BatchGetCommand({ RequestItems }));
      items.push(...(answer.Responses?.[table] ?? []));
      return answer.UnprocessedKeys?.[table]?.Keys ?? [];
    });
  }
  return items;
}

/** Positions of many entities in few requests; may be a moment old, which the conditional write finds out. */
export async function readPositions(
  on: ReadModelTable,
  projection: Projection,
  of: GenerationKey,
  entityIds: readonly string[],
  consistent = false,
): Promise<Map<string, Position>> {
  const keys = entityIds.map((entityId) => positionKey(projection, of, entityId));
  const items = await getAll(on, keys, consistent);
  const found = new Map(items.map((item) => [String(item[ROW.entityId]), readPosition(item)]));
  return new Map(entityIds.map((entityId) => [entityId, found.get(entityId) ?? startOf(entityId)]));
}

/** One position, strongly consistent. */
export async function readPositionNow(
  { client, table }: ReadModelTable,
  projection: Projection,
  of: GenerationKey,
  entityId: string,
): Promise<Position> {
  const Key = positionKey(projection, of, entityId);
  const command = new GetCommand({ TableName: table, Key, ConsistentRead: true });
  const { Item } = await whileTransient(ATTEMPTS, () => client.send(command));
  return Item ? readPosition(Item) : startOf(entityId);
}

/** The put that moves a position on, with the condition that nobody else has. */
export function movePosition(
  table: string,
  projection: Projection,
  of: GenerationKey,
  before: Position,
  after: Position,
  attributes: Item = {},
): Condition & { TableName: string; Item: Item } {
  return {
    TableName: table,
    Item: { ...positionKey(projection, of, before.entityId), ...positionAttributes(after), ...attributes },
    ...isUnchangedSince(before.revision),
  };
}
