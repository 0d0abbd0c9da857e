import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { whileTransient } from "../event-store/index.ts";
import { type RowPerEntity, takesEvent } from "./definition.ts";
import { ATTEMPTS, movePosition, type ReadModelTable } from "./dynamodb-positions.ts";
import { listAttributes, ROW } from "./dynamodb-read-model-keys.ts";
import { positionAfter, takeEvents } from "./fold-events.ts";
import type { Target, WriteRequest, Written } from "./target.ts";

/** Folds the events into the entity's row: row and checkpoint in one conditional put. */
export async function writeRowPerEntity(
  on: ReadModelTable,
  { projection, of }: Target<RowPerEntity<unknown>>,
  { before, events, unreadable }: WriteRequest,
): Promise<Written> {
  let row = before.row;
  let applied = 0;
  const { taken, poison = unreadable } = await takeEvents(events, (event) => {
    if (!takesEvent(projection, event)) return;
    row = projection.evolve(row, event);
    applied += 1;
  });
  const position = { ...positionAfter(before, taken, poison), row };
  const attributes =
    row === undefined ? {} : { [ROW.row]: row, ...listAttributes(of, projection.lists, row, before.entityId) };
  const put = new PutCommand(movePosition(on.table, projection, of, before, position, attributes));
  try {
    await whileTransient(ATTEMPTS, () => on.client.send(put));
    return { outcome: "written", position: { ...position, revision: before.revision + 1 }, applied, poison };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return { outcome: "raced" };
    throw error;
  }
}
