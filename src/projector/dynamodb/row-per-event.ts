import { BatchWriteItemCommand, ConditionalCheckFailedException, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { type RowPerEvent, takesEvent } from "../../definition/projection.ts";
import { REQUEST_ATTEMPTS, untilProcessed, whileTransient } from "../../event-store/dynamodb/index.ts";
import type { StoredEvent } from "../../event-store/index.ts";
import type { ReadModelTable } from "../../stream/index.ts";
import { forEvent } from "../../stream/index.ts";
import { takeEvents } from "../fold-events.ts";
import { positionAfter } from "../position.ts";
import { eventListKey } from "../row-keys.ts";
import type { Target, WriteRequest, Written } from "../target.ts";
import { type EncodedItem, encodeItem } from "./item-codec.ts";
import { movePosition } from "./positions.ts";
import { eventRowKey, listAttributes, ROW } from "./read-model-keys.ts";

/** DynamoDB's limit of items in one BatchWriteItem. */
const BATCH = 25;

/** Stores the rows first and moves the checkpoint then: a crash in between writes the same rows again. */
export async function writeRowPerEvent(
  table: ReadModelTable,
  target: Target<RowPerEvent<unknown>>,
  { before, events }: WriteRequest,
): Promise<Written> {
  const items: EncodedItem[] = [];
  const { taken, poison } = takeEvents(events, (event) => {
    const item = rowOf(table, target, event);
    if (item) items.push(item);
  });
  const last = taken.at(-1);
  if (!last) return { outcome: "written", position: before, applied: 0, poison };
  const after = positionAfter(before, last);
  try {
    await putRows(table, items);
    const put = new PutItemCommand(movePosition(table, target, { before, after }));
    await whileTransient(REQUEST_ATTEMPTS, () => table.client.send(put));
    return { outcome: "written", position: { ...after, revision: before.revision + 1 }, applied: items.length, poison };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return { outcome: "raced" };
    throw error;
  }
}

/** The row of an event, encoded; undefined when it leaves none. @throws {EventHandlingError} */
function rowOf(
  table: ReadModelTable,
  { projection, generation }: Target<RowPerEvent<unknown>>,
  event: StoredEvent,
): EncodedItem | undefined {
  if (!takesEvent(projection, event)) return undefined;
  const { entityId, sequenceNumber } = event;
  const row = forEvent(event, `row of ${projection.name}`, () => projection.row(event));
  if (row === undefined) return undefined;
  const lists = forEvent(event, `a list of ${projection.name}`, () =>
    listAttributes(generation, projection.lists, { row, key: eventListKey(entityId, sequenceNumber) }),
  );
  const item = {
    ...eventRowKey(generation, entityId, sequenceNumber),
    [ROW.entityId]: entityId,
    [ROW.row]: row,
    ...lists,
  };
  return forEvent(event, `storing the row of ${projection.name}`, () => encodeItem(table, item));
}

/** Writing a row again changes nothing, so what was not taken is sent again. */
async function putRows({ client, name: table }: ReadModelTable, items: readonly EncodedItem[]): Promise<void> {
  for (let start = 0; start < items.length; start += BATCH) {
    const puts = items.slice(start, start + BATCH).map((Item) => ({ PutRequest: { Item } }));
    await untilProcessed(REQUEST_ATTEMPTS, puts, async (left) => {
      const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: left } }));
      return (answer.UnprocessedItems?.[table] ?? []) as typeof puts;
    });
  }
}
