import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { REQUEST_ATTEMPTS, whileTransient } from "../../event-store/dynamodb/index.ts";
import type { ReadModelTable } from "../../stream/index.ts";
import { type ParkedEntity, parkedItem } from "../../stream/index.ts";
import type { Position } from "../position.ts";
import type { Target } from "../target.ts";
import { resetFailures } from "./failure-notes.ts";
import { isUnchangedSince, positionKey } from "./positions.ts";
import { failureKey, parkedKey, ROW } from "./read-model-keys.ts";

/**
 * Parks an entity: the flag on its position and the parked item, in one transaction, so that no
 * entity waits unseen. False when somebody else moved the position first.
 */
export async function parkEntity(
  { client, name: table }: ReadModelTable,
  { projection, generation }: Target,
  { position, parked }: { readonly position: Position; readonly parked: ParkedEntity },
): Promise<boolean> {
  const { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues } = isUnchangedSince(
    position.revision,
  );
  const { entityId, checkpoint } = position;
  const command = new TransactWriteCommand({
    TransactItems: [
      {
        Update: {
          TableName: table,
          Key: positionKey(projection, generation, entityId),
          UpdateExpression:
            "SET #parked = :parked, #revision = :next, #entityId = :entityId, #checkpoint = :checkpoint",
          ConditionExpression,
          ExpressionAttributeNames: {
            ...ExpressionAttributeNames,
            "#parked": ROW.parked,
            "#revision": ROW.revision,
            "#entityId": ROW.entityId,
            "#checkpoint": ROW.checkpoint,
          },
          ExpressionAttributeValues: {
            ...ExpressionAttributeValues,
            ":parked": true,
            ":next": position.revision + 1,
            ":entityId": entityId,
            ":checkpoint": checkpoint,
          },
        },
      },
      { Put: { TableName: table, Item: parkedItem(parkedKey(generation, entityId), parked) } },
      resetFailures(table, failureKey(generation, entityId, parked.sequenceNumber)),
    ],
  });
  try {
    await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
    return true;
  } catch (error) {
    if (hasLostRace(error)) return false;
    throw error;
  }
}

/** Somebody else moved the position. */
export const hasLostRace = (error: unknown): boolean =>
  error instanceof TransactionCanceledException &&
  (error.CancellationReasons ?? []).some(({ Code }) => Code === "ConditionalCheckFailed");
