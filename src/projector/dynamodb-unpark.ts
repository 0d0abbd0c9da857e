import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { whileTransient } from "../event-store/index.ts";
import { ATTEMPTS, isUnchangedSince, positionKey, type ReadModelTable, readPositionNow } from "./dynamodb-positions.ts";
import { ROW } from "./dynamodb-read-model-keys.ts";
import type { Target } from "./target.ts";

const TRIES = 20;

/** Frees the position. The parked item stays until the entity has caught up, so that it is never in no list. */
async function free(
  on: ReadModelTable,
  { projection, of }: Target,
  entityId: string,
  checkpoint?: number,
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const position = await readPositionNow(on, projection, of, entityId);
    const { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues } = isUnchangedSince(
      position.revision,
    );
    const moved = Math.max(position.checkpoint, checkpoint ?? 0);
    const command = new UpdateCommand({
      TableName: on.table,
      Key: positionKey(projection, of, entityId),
      UpdateExpression: "SET #checkpoint = :checkpoint, #revision = :next REMOVE #parked, #failing",
      ConditionExpression,
      ExpressionAttributeNames: {
        ...ExpressionAttributeNames,
        "#checkpoint": ROW.checkpoint,
        "#revision": ROW.revision,
        "#parked": ROW.parked,
        "#failing": ROW.failing,
      },
      ExpressionAttributeValues: { ...ExpressionAttributeValues, ":checkpoint": moved, ":next": position.revision + 1 },
    });
    try {
      await whileTransient(ATTEMPTS, () => on.client.send(command));
      return;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
  throw new Error(`${of.name}: ${entityId} was moved by others ${TRIES} times in a row`);
}

/** The entity flows again, from its checkpoint. */
export const unpark = (on: ReadModelTable, target: Target, entityId: string): Promise<void> =>
  free(on, target, entityId);

/** The entity flows again, from behind the event. */
export const skipEvent = (
  on: ReadModelTable,
  target: Target,
  entityId: string,
  sequenceNumber: number,
): Promise<void> => free(on, target, entityId, sequenceNumber);
