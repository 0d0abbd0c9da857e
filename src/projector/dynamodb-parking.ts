import { ConditionalCheckFailedException, TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { DeleteCommand, QueryCommand, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { type StoredEvent, whileTransient } from "../event-store/index.ts";
import { parkedText } from "../stream/index.ts";
import { ATTEMPTS, isUnchangedSince, type ReadModelTable } from "./dynamodb-positions.ts";
import { parkedKey, ROW, type TableKey } from "./dynamodb-read-model-keys.ts";

/** An entity that waits in one projection because an event of it cannot be taken. */
export interface ParkedEntity {
  readonly projection: string;
  readonly generation: number;
  readonly entityId: string;
  /** The event that failed; later ones wait behind it, safe in the store. */
  readonly sequenceNumber: number;
  /** With its stack. */
  readonly error: string;
  readonly attempts: number;
  /** ISO 8601. */
  readonly parkedAt: string;
  /** Missing when the item itself could not be read. */
  readonly event?: StoredEvent | undefined;
}

/** As the table holds it: the event as JSON text. */
type StoredParked = Omit<ParkedEntity, "event"> & { readonly event?: string | undefined };

/** Somebody else moved the position, and nothing else was the matter. */
const hasLostRace = (error: unknown): boolean =>
  error instanceof TransactionCanceledException &&
  (error.CancellationReasons ?? []).some(({ Code }) => Code === "ConditionalCheckFailed");

/**
 * Parks an entity: the flag on its position and the parked item, in one transaction, so that no
 * entity waits unseen. False when somebody else moved the position first.
 */
export async function parkEntity(
  { client, table }: ReadModelTable,
  { positionKey, revision, parked }: { positionKey: TableKey; revision: number; parked: ParkedEntity },
): Promise<boolean> {
  const of = { name: parked.projection, generation: parked.generation };
  const item = { ...parked, event: parkedText(parked.event) };
  const { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues } = isUnchangedSince(revision);
  const command = new TransactWriteCommand({
    TransactItems: [
      {
        Update: {
          TableName: table,
          Key: positionKey,
          UpdateExpression: "SET #parked = :parked, #revision = :next",
          ConditionExpression,
          ExpressionAttributeNames: { ...ExpressionAttributeNames, "#parked": ROW.parked, "#revision": ROW.revision },
          ExpressionAttributeValues: { ...ExpressionAttributeValues, ":parked": true, ":next": revision + 1 },
        },
      },
      { Put: { TableName: table, Item: { ...parkedKey(of, parked.entityId), parked: item } } },
    ],
  });
  try {
    await whileTransient(ATTEMPTS, () => client.send(command));
    return true;
  } catch (error) {
    if (hasLostRace(error)) return false;
    throw error;
  }
}

/** Removes the parked item, unless the entity was parked anew meanwhile. */
export async function removeParked(
  { client, table }: ReadModelTable,
  { projection: name, generation, entityId, parkedAt }: ParkedEntity,
): Promise<void> {
  const command = new DeleteCommand({
    TableName: table,
    Key: parkedKey({ name, generation }, entityId),
    ConditionExpression: "#parked.#parkedAt = :parkedAt",
    ExpressionAttributeNames: { "#parked": "parked", "#parkedAt": "parkedAt" },
    ExpressionAttributeValues: { ":parkedAt": parkedAt },
  });
  try {
    await whileTransient(ATTEMPTS, () => client.send(command));
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

function toParked({ event, ...parked }: StoredParked): ParkedEntity {
  return event === undefined ? parked : { ...parked, event: JSON.parse(event) as StoredEvent };
}

/** Everything that is parked in a projection, all generations, by generation and entity. */
export async function* listParked({ client, table }: ReadModelTable, name: string): AsyncGenerator<ParkedEntity> {
  let start: Record<string, unknown> | undefined;
  do {
    const command = new QueryCommand({
      TableName: table,
      KeyConditionExpression: "#pk = :pk",
      ExpressionAttributeNames: { "#pk": "pk" },
      ExpressionAttributeValues: { ":pk": parkedKey({ name, generation: 0 }, "").pk },
      ConsistentRead: true,
      ...(start ? { ExclusiveStartKey: start } : {}),
    });
    const answer = await whileTransient(ATTEMPTS, () => client.send(command));
    for (const item of answer.Items ?? []) yield toParked(item.parked as StoredParked);
    start = answer.LastEvaluatedKey;
  } while (start);
}

/** Entities that are parked in a projection, in any of its generations, or in the publisher. */
export async function countParked(on: ReadModelTable, name: string): Promise<number> {
  let count = 0;
  for await (const _ of listParked(on, name)) count += 1;
  return count;
}
