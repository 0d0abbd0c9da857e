import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { BatchWriteCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { untilProcessed, whileTransient } from "../event-store/index.ts";
import { type RowPerEvent, takesEvent } from "./definition.ts";
import { ATTEMPTS, movePosition, type ReadModelTable } from "./dynamodb-positions.ts";
import { eventRowKey, listAttributes, ROW } from "./dynamodb-read-model-keys.ts";
import { positionAfter, takeEvents } from "./fold-events.ts";
import type { Target, WriteRequest, Written } from "./target.ts";

type Item = Record<string, unknown>;

/** DynamoDB's limit of items in one BatchWriteItem. */
const BATCH = 25;

/** Writing a row again changes nothing, so what was refused is simply sent again. */
async function putRows({ client, table }: ReadModelTable, items: readonly Item[]): Promise<void> {
  for (let start = 0; start < items.length; start += BATCH) {
    const puts = items.slice(start, start + BATCH).map((Item) => ({ PutRequest: { Item } }));
    await untilProcessed(ATTEMPTS, puts, async (left) => {
      const answer = await client.send(new BatchWriteCommand({ RequestItems: { [table]: left } }));
      return (answer.UnprocessedItems?.[table] ?? []) as typeof puts;
    });
  }
}

/** Stores the rows first and moves the checkpoint then: a crash in between writes the same rows again. */
export async function writeRowPerEvent(
  on: ReadModelTable,
  { projection, of }: Target<RowPerEvent<unknown>>,
  { before, events, unreadable }: WriteRequest,
): Promise<Written> {
  const items: Item[] = [];
  const { taken, poison = unreadable } = await takeEvents(events, (event) => {
    const { entityId, sequenceNumber } = event;
    const row = takesEvent(projection, event) ? projection.row(event) : undefined;
    if (row === undefined) return;
    const key = eventRowKey(of, entityId, sequenceNumber);
    const lists = listAttributes(of, projection.lists, row, `${entityId}#${key.sk}`);
    items.push({ ...key, [ROW.entityId]: entityId, [ROW.row]: row, ...lists });
  });
  const position = positionAfter(before, taken, poison);
  try {
    await putRows(on, items);
    const put = new PutCommand(movePosition(on.table, projection, of, before, position));
    await whileTransient(ATTEMPTS, () => on.client.send(put));
    const after = { ...position, revision: before.revision + 1 };
    return { outcome: "written", position: after, applied: items.length, poison };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return { outcome: "raced" };
    throw error;
  }
}
