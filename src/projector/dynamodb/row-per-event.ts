import { ConditionalCheckFailedException, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { type RowPerEvent, takesEvent } from "../../definition/projection.ts";
import { REQUEST_ATTEMPTS, whileTransient } from "../../event-store/dynamodb/index.ts";
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
import type { SharedPuts } from "./shared-puts.ts";

/** Stores the rows first and moves the checkpoint then: a crash in between writes the same rows again. */
export async function writeRowPerEvent(
  { table, puts }: { readonly table: ReadModelTable; readonly puts: SharedPuts },
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
    await puts.put(items);
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
