import { QueryCommand, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { REQUEST_ATTEMPTS, whileTransient } from "../../event-store/dynamodb/index.ts";
import type { StoredEvent } from "../../event-store/index.ts";
import type { ReadModelTable } from "../../stream/index.ts";
import type { GenerationKey } from "../generation.ts";
import type { Target } from "../target.ts";
import { hasLostRace } from "./parking.ts";
import { isUnchangedSince, positionKey, readPositionNow } from "./positions.ts";
import { ROW, skippedKey } from "./read-model-keys.ts";

/** An event that an operator has passed by. */
export type SkippedEvent = Pick<StoredEvent, "entityId" | "sequenceNumber">;

/** The entity flows again, from its checkpoint. */
export const unpark = (table: ReadModelTable, target: Target, entityId: string): Promise<void> =>
  free(table, target, { entityId });

/** The entity flows again, from behind the event, which is noted as skipped in the same transaction. */
export const skipEvent = (
  table: ReadModelTable,
  target: Target,
  entityId: string,
  sequenceNumber: number,
): Promise<void> => free(table, target, { entityId, skipped: sequenceNumber });

const TRIES = 20;

/** Frees the position. The parked item stays until the entity has caught up, so that it is always listed. */
async function free(
  table: ReadModelTable,
  target: Target,
  { entityId, skipped }: { readonly entityId: string; readonly skipped?: number | undefined },
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const position = await readPositionNow(table, target.projection, { generation: target.generation, entityId });
    const { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues } = isUnchangedSince(
      position.revision,
    );
    const checkpoint = Math.max(position.checkpoint, skipped ?? 0);
    const update = {
      TableName: table.name,
      Key: positionKey(target.projection, target.generation, entityId),
      UpdateExpression: "SET #checkpoint = :checkpoint, #revision = :next, #entityId = :entityId REMOVE #parked",
      ConditionExpression,
      ExpressionAttributeNames: {
        ...ExpressionAttributeNames,
        "#checkpoint": ROW.checkpoint,
        "#revision": ROW.revision,
        "#entityId": ROW.entityId,
        "#parked": ROW.parked,
      },
      ExpressionAttributeValues: {
        ...ExpressionAttributeValues,
        ":checkpoint": checkpoint,
        ":next": position.revision + 1,
        ":entityId": entityId,
      },
    };
    const note =
      skipped === undefined || skipped <= position.checkpoint ? [] : [noteSkipped(table, target, entityId, skipped)];
    try {
      const command = new TransactWriteCommand({ TransactItems: [{ Update: update }, ...note] });
      await whileTransient(REQUEST_ATTEMPTS, () => table.client.send(command));
      return;
    } catch (error) {
      if (!hasLostRace(error)) throw error;
    }
  }
  throw new Error(`${target.generation.name}: ${entityId} was moved by others ${TRIES} times in a row`);
}

const noteSkipped = (table: ReadModelTable, { generation }: Target, entityId: string, sequenceNumber: number) => ({
  Put: {
    TableName: table.name,
    Item: { ...skippedKey(generation, entityId, sequenceNumber), entityId, sequenceNumber },
  },
});

/** The events of a generation that were passed by. */
export async function readSkipped(
  { client, name: table }: ReadModelTable,
  generation: GenerationKey,
): Promise<SkippedEvent[]> {
  const skipped: SkippedEvent[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const command = new QueryCommand({
      TableName: table,
      KeyConditionExpression: "#pk = :pk",
      ExpressionAttributeNames: { "#pk": ROW.pk },
      ExpressionAttributeValues: { ":pk": skippedKey(generation, "", 0).pk },
      ConsistentRead: true,
      ...(start ? { ExclusiveStartKey: start } : {}),
    });
    const answer = await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
    for (const { entityId, sequenceNumber } of answer.Items ?? [])
      skipped.push({ entityId: String(entityId), sequenceNumber: Number(sequenceNumber) });
    start = answer.LastEvaluatedKey;
  } while (start);
  return skipped;
}
