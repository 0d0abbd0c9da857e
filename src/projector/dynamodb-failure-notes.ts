import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { describeThrown, whileTransient } from "../event-store/index.ts";
import type { Poison } from "../stream/index.ts";
import { ATTEMPTS } from "./dynamodb-positions.ts";
import { failureKey, type GenerationKey, type TableKey } from "./dynamodb-read-model-keys.ts";
import type { ReadModelTable } from "./dynamodb-read-model-table.ts";

/** How often an event has failed, and what was thrown last. It stands in an item of its own: the row may be full. */
export interface FailureNote {
  readonly attempts: number;
  /** With stack and causes. */
  readonly error: string;
}

/** Notes one more failure of an event. */
export async function noteFailure(
  { client, table }: ReadModelTable,
  of: GenerationKey,
  entityId: string,
  { sequenceNumber, error }: Poison,
): Promise<FailureNote> {
  const text = describeThrown(error);
  const command = new UpdateCommand({
    TableName: table,
    Key: failureKey(of, entityId, sequenceNumber),
    UpdateExpression: "SET #error = :error ADD #attempts :one",
    ExpressionAttributeNames: { "#error": "error", "#attempts": "attempts" },
    ExpressionAttributeValues: { ":error": text, ":one": 1 },
    ReturnValues: "UPDATED_NEW",
  });
  const { Attributes } = await whileTransient(ATTEMPTS, () => client.send(command));
  return { attempts: Number(Attributes?.attempts ?? 1), error: text };
}

/** A step of the transaction that parks: the count begins anew when the entity is retried. */
export const resetFailures = (table: string, key: TableKey) => ({
  Update: {
    TableName: table,
    Key: key,
    UpdateExpression: "SET #attempts = :zero",
    ExpressionAttributeNames: { "#attempts": "attempts" },
    ExpressionAttributeValues: { ":zero": 0 },
  },
});
