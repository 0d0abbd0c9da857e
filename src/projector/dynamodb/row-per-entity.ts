import { ConditionalCheckFailedException, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { type RowPerEntity, takesEvent } from "../../definition/projection.ts";
import { REQUEST_ATTEMPTS, whileTransient } from "../../event-store/dynamodb/index.ts";
import type { StoredEvent } from "../../event-store/index.ts";
import type { ReadModelTable } from "../../stream/index.ts";
import { forEvent } from "../../stream/index.ts";
import { takeEvents } from "../fold-events.ts";
import { type Position, positionAfter } from "../position.ts";
import { entityListKey } from "../row-keys.ts";
import type { Target, WriteRequest, Written } from "../target.ts";
import { movePosition, type PutStep } from "./positions.ts";
import { listAttributes, ROW } from "./read-model-keys.ts";

/**
 * Folds the events into the entity's row: row and checkpoint in one conditional put.
 *
 * @throws {EventHandlingError} when the row that the events come to cannot be listed or stored
 */
export async function writeRowPerEntity(
  table: ReadModelTable,
  target: Target<RowPerEntity<unknown>>,
  { before, events }: WriteRequest,
): Promise<Written> {
  const { projection } = target;
  let row = before.row;
  let applied = 0;
  const { taken, poison } = takeEvents(events, (event) => {
    if (!takesEvent(projection, event)) return;
    row = forEvent(event, `evolve of ${projection.name}`, () => projection.evolve(row, event));
    applied += 1;
  });
  const last = taken.at(-1);
  if (!last) return { outcome: "written", position: before, applied, poison };
  const after = { ...positionAfter(before, last), row };
  const put = new PutItemCommand(putRow(table, target, { before, after, last }));
  try {
    await whileTransient(REQUEST_ATTEMPTS, () => table.client.send(put));
    return { outcome: "written", position: { ...after, revision: before.revision + 1 }, applied, poison };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return { outcome: "raced" };
    throw error;
  }
}

function putRow(
  table: ReadModelTable,
  target: Target<RowPerEntity<unknown>>,
  { before, after, last }: { readonly before: Position; readonly after: Position; readonly last: StoredEvent },
): PutStep {
  const { projection, generation } = target;
  const { row, entityId } = after;
  if (row === undefined) return movePosition(table, target, { before, after });
  const key = entityListKey(entityId);
  const lists = forEvent(last, `a list of ${projection.name}`, () =>
    listAttributes(generation, projection.lists, { row, key }),
  );
  return forEvent(last, `storing the row of ${projection.name}`, () =>
    movePosition(table, target, { before, after }, { [ROW.row]: row, ...lists }),
  );
}
