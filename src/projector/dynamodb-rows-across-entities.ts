import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { whileTransient } from "../event-store/index.ts";
import { type RowsAcrossEntities, takesEvent } from "./definition.ts";
import { ATTEMPTS, movePosition, type ReadModelTable } from "./dynamodb-positions.ts";
import { SharedRows } from "./dynamodb-shared-rows.ts";
import { positionAfter, takeEvents } from "./fold-events.ts";
import type { Target, WriteRequest, Written } from "./target.ts";

/** DynamoDB's limit of actions in a transaction is 100; one is the checkpoint, and one event may touch a few more. */
const ROWS_PER_TRANSACTION = 80;

const isRace = (error: unknown): boolean =>
  error instanceof TransactionCanceledException &&
  (error.CancellationReasons ?? []).some(({ Code }) => Code === "ConditionalCheckFailed");

/** All rows that the events change and the entity's checkpoint, in one transaction. */
export async function writeRowsAcrossEntities(
  on: ReadModelTable,
  { projection, of }: Target<RowsAcrossEntities<unknown>>,
  { before, events, unreadable }: WriteRequest,
): Promise<Written> {
  const rows = new SharedRows(on, of);
  const matching = events.filter((event) => takesEvent(projection, event));
  const ahead = matching.flatMap((event) => projection.needs?.(event) ?? []).slice(0, ROWS_PER_TRANSACTION);
  await rows.readAhead(ahead);
  let applied = 0;
  const isFull = () => rows.size > ROWS_PER_TRANSACTION;
  const { taken, poison, isStopped } = await takeEvents(
    events,
    async (event) => {
      if (!takesEvent(projection, event)) return;
      await rows.undoOnError(() => projection.change(event, rows));
      applied += 1;
    },
    isFull,
  );
  const failed = poison ?? (isStopped ? undefined : unreadable);
  const position = positionAfter(before, taken, failed);
  const transact = new TransactWriteCommand({
    TransactItems: [...rows.steps(), { Put: movePosition(on.table, projection, of, before, position) }],
  });
  try {
    await whileTransient(ATTEMPTS, () => on.client.send(transact));
    const after = { ...position, revision: before.revision + 1 };
    return { outcome: "written", position: after, applied, poison: failed };
  } catch (error) {
    if (isRace(error)) return { outcome: "raced" };
    throw error;
  }
}
