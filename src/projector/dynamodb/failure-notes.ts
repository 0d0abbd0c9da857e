import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { REQUEST_ATTEMPTS, whileTransient } from "../../event-store/dynamodb/index.ts";
import { describeThrown } from "../../event-store/index.ts";
import type { Poison, ReadModelTable } from "../../stream/index.ts";
import type { GenerationKey } from "../generation.ts";
import { failureKey, type TableKey } from "./read-model-keys.ts";

/**
 * Notes one more failure of an event, with stack and causes of what was thrown, in an item of its own: the row may be full.
 *
 * @returns how often it has failed
 */
export async function noteFailure(
  { client, name: table }: ReadModelTable,
  generation: GenerationKey,
  entityId: string,
  { sequenceNumber, error }: Poison,
): Promise<number> {
  const command = new UpdateCommand({
    TableName: table,
    Key: failureKey(generation, entityId, sequenceNumber),
    UpdateExpression: "SET #error = :error ADD #attempts :one",
    ExpressionAttributeNames: { "#error": "error", "#attempts": "attempts" },
    ExpressionAttributeValues: { ":error": describeThrown(error), ":one": 1 },
    ReturnValues: "UPDATED_NEW",
  });
  const { Attributes } = await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
  return Number(Attributes?.attempts ?? 1);
}

/** A step of the transaction that parks: the count starts again when the entity is retried. */
export const resetFailures = (table: string, key: TableKey) => ({
  Update: {
    TableName: table,
    Key: key,
    UpdateExpression: "SET #attempts = :zero",
    ExpressionAttributeNames: { "#attempts": "attempts" },
    ExpressionAttributeValues: { ":zero": 0 },
  },
});
