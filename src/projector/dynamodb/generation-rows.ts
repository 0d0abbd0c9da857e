import { BatchWriteCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { untilProcessed, whileTransient } from "../../event-store/dynamodb/index.ts";
import type { GenerationKey } from "../generation.ts";
import { ATTEMPTS } from "./positions.ts";
import { generationPrefix, parkedKey, ROW, rebuildKey, skippedKey } from "./read-model-keys.ts";
import type { ReadModelTable } from "./read-model-table.ts";

/** Every item of a generation: rows and checkpoints. Reads the whole table. */
export async function* readGenerationItems(on: ReadModelTable, of: GenerationKey): AsyncGenerator<Item> {
  const condition = {
    FilterExpression: "begins_with(#pk, :prefix)",
    ExpressionAttributeNames: { "#pk": ROW.pk },
    ExpressionAttributeValues: { ":prefix": generationPrefix(of) },
  };
  for await (const items of scan(on, condition)) yield* items;
}

/** Removes a generation's rows, checkpoints, parked items and rebuild progress. Answers how many items. */
export async function removeRows(on: ReadModelTable, of: GenerationKey): Promise<number> {
  const parked = parkedKey(of, "");
  const condition = {
    FilterExpression:
      "begins_with(#pk, :prefix) OR #pk = :rebuild OR #pk = :skipped OR (#pk = :parked AND begins_with(#sk, :generation))",
    ExpressionAttributeNames: { "#pk": ROW.pk, "#sk": ROW.sk },
    ExpressionAttributeValues: {
      ":prefix": generationPrefix(of),
      ":rebuild": rebuildKey(of, "").pk,
      ":skipped": skippedKey(of, "", 0).pk,
      ":parked": parked.pk,
      ":generation": parked.sk,
    },
    ProjectionExpression: "#pk, #sk",
  };
  let removed = 0;
  for await (const items of scan(on, condition)) {
    for (let start = 0; start < items.length; start += BATCH) {
      const deletes = items.slice(start, start + BATCH).map((Key) => ({ DeleteRequest: { Key } }));
      await untilProcessed(ATTEMPTS, deletes, async (left) => {
        const answer = await on.client.send(new BatchWriteCommand({ RequestItems: { [on.table]: left } }));
        return (answer.UnprocessedItems?.[on.table] ?? []) as typeof deletes;
      });
      removed += deletes.length;
    }
  }
  return removed;
}

type Item = Record<string, unknown>;

const BATCH = 25;

async function* scan(
  { client, table }: ReadModelTable,
  condition: Pick<Item, never> & Record<string, unknown>,
): AsyncGenerator<Item[]> {
  let start: Item | undefined;
  do {
    const command = new ScanCommand({
      TableName: table,
      ConsistentRead: true,
      ...condition,
      ...(start ? { ExclusiveStartKey: start } : {}),
    });
    const answer = await whileTransient(ATTEMPTS, () => client.send(command));
    yield answer.Items ?? [];
    start = answer.LastEvaluatedKey;
  } while (start);
}
