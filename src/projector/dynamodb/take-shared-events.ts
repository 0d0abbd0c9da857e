import { type RowsAcrossEntities, takesEvent } from "../../definition/projection.ts";
import type { StoredEvent } from "../../event-store/index.ts";
import { EventHandlingError, forEventAsync, type Poison } from "../../stream/index.ts";
import { poisonOf } from "../fold-events.ts";
import type { TransactionRows } from "./shared-rows.ts";
import { MAX_ACTIONS } from "./shared-transaction.ts";

/** What came of taking the events of one entity into a transaction. */
interface Taking {
  readonly taken: readonly StoredEvent[];
  readonly applied: number;
  readonly poison: Poison | undefined;
  readonly isFull: boolean;
}

/**
 * Takes events one after another until one does not fit or cannot be taken.
 *
 * @param room rows that the transaction may touch in all
 */
export async function takeAll(
  projection: RowsAcrossEntities<unknown>,
  rows: TransactionRows,
  { events, room }: { readonly events: readonly StoredEvent[]; readonly room: number },
): Promise<Taking> {
  const taken: StoredEvent[] = [];
  let applied = 0;
  for (const event of events) {
    const isAlone = rows.size === 0 && room === MAX_ACTIONS - 1;
    const took = await tryTake(projection, rows, event);
    const touched = rows.size;
    const poison =
      took.poison ?? (touched > room && isAlone ? poisonOf(event, tooManyRows(event, touched)) : undefined);
    if (poison || touched > room) {
      rows.undo();
      return { taken, applied, poison, isFull: true };
    }
    rows.keep();
    taken.push(event);
    applied += took.applied;
  }
  return { taken, applied, poison: undefined, isFull: false };
}

/** @throws a read error that is not the event's fault */
async function tryTake(
  projection: RowsAcrossEntities<unknown>,
  rows: TransactionRows,
  event: StoredEvent,
): Promise<{ applied: number; poison?: Poison }> {
  if (!takesEvent(projection, event)) return { applied: 0 };
  try {
    await forEventAsync(event, `change of ${projection.name}`, () => projection.change(event, rows));
    if (!rows.systemFault) return { applied: 1 };
  } catch (error) {
    if (!rows.systemFault && error instanceof EventHandlingError) return { applied: 0, poison: poisonOf(event, error) };
    if (!rows.systemFault) throw error;
  }
  rows.undo();
  throw rows.systemFault.error;
}

const tooManyRows = (event: StoredEvent, rows: number): EventHandlingError =>
  new EventHandlingError(
    event,
    "storing its rows",
    new Error(`it touches ${rows} rows, at most ${MAX_ACTIONS - 1} fit`),
  );
