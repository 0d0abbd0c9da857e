import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { whileTransient } from "../event-store/index.ts";
import { type ParkedEntity, parkedItem } from "../stream/index.ts";
import { ATTEMPTS, isUnchangedSince, type ReadModelTable } from "./dynamodb-positions.ts";
import { parkedKey, ROW, type TableKey } from "./dynamodb-read-model-keys.ts";

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
      { Put: { TableName: table, Item: parkedItem(parkedKey(of, parked.entityId), parked) } },
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
