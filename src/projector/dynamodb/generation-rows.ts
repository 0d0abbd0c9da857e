import { BatchWriteCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { REQUEST_ATTEMPTS, untilProcessed, whileTransient } from "../../event-store/dynamodb/index.ts";
import type { Item, ReadModelTable } from "../../stream/index.ts";
import type { GenerationKey } from "../generation.ts";
import { generationPrefix, parkedKey, ROW, rebuildKey, skippedKey } from "./read-model-keys.ts";

/** Every item of a generation: rows and checkpoints. Reads the whole table. */
export async function* readGenerationItems(table: ReadModelTable, generation: GenerationKey): AsyncGenerator<Item> {
  const condition = {
    FilterExpression: "begins_with(#pk, :prefix)",
    ExpressionAttributeNames: { "#pk": ROW.pk },
    ExpressionAttributeValues: { ":prefix": generationPrefix(generation) },
  };
  for await (const items of scan(table, condition)) yield* items;
}

/** Removes a generation's rows, checkpoints, parked items and rebuild progress. Answers how many items. */
export async function removeRows(table: ReadModelTable, generation: GenerationKey): Promise<number> {
  const parked = parkedKey(generation, "");
  const condition = {
    FilterExpression:
      "begins_with(#pk, :prefix) OR #pk = :rebuild OR #pk = :skipped OR (#pk = :parked AND begins_with(#sk, :generation))",
    ExpressionAttributeNames: { "#pk": ROW.pk, "#sk": ROW.sk },
    ExpressionAttributeValues: {
      ":prefix": generationPrefix(generation),
      ":rebuild": rebuildKey(generation, "").pk,
      ":skipped": skippedKey(generation, "", 0).pk,
      ":parked": parked.pk,
      ":generation": parked.sk,
    },
    ProjectionExpression: "#pk, #sk",
  };
  let removed = 0;
  for await (const items of scan(table, condition)) {
    for (let start = 0; start < items.length; start += BATCH) {
      const deletes = items.slice(start, start + BATCH).map((Key) => ({ DeleteRequest: { Key } }));
      await untilProcessed(REQUEST_ATTEMPTS, deletes, async (left) => {
        const answer = await table.client.send(new BatchWriteCommand({ RequestItems: { [table.name]: left } }));
        return (answer.UnprocessedItems?.[table.name] ?? []) as typeof deletes;
      });
      removed += deletes.length;
    }
  }
  return removed;
}

const BATCH = 25;

async function* scan(
  { client, name: table }: ReadModelTable,
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
    const answer = await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
    yield answer.Items ?? [];
    start = answer.LastEvaluatedKey;
  } while (start);
}
