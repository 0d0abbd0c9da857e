import { type RowKey, type RowsAcrossEntities, takesEvent } from "../../definition/projection.ts";
import type { StoredEvent } from "../../event-store/index.ts";
import { forEvent } from "../../stream/index.ts";
import { sharedRowKey, type TableKey } from "./read-model-keys.ts";
import { type RowsCache, textOf } from "./shared-rows.ts";
import { MAX_ACTIONS, type Member, type SharedTarget } from "./shared-transaction.ts";

/** Keys that are read ahead together: DynamoDB's limit of one BatchGetItem. */
const MAX_AHEAD = 100;

/** Reads together what the next events are known to need. */
export async function readSharedRowsAhead(
  cache: RowsCache,
  { projection, generation }: SharedTarget,
  { open, most }: { readonly open: readonly Member[]; readonly most: number },
): Promise<void> {
  const keys = new Map<string, TableKey>();
  for (const event of eventsAhead(open.slice(0, MAX_ACTIONS), most)) {
    if (keys.size >= MAX_AHEAD) break;
    if (!takesEvent(projection, event)) continue;
    for (const key of neededKeys(projection, generation, event)) if (!cache.has(key)) keys.set(textOf(key), key);
  }
  if (keys.size > 0) await cache.readAhead([...keys.values()].slice(0, MAX_AHEAD));
}

/** Events of the batch that come next, without asking the store. */
function* eventsAhead(members: readonly Member[], most: number): Generator<StoredEvent> {
  let count = 0;
  for (const { events, position } of members)
    for (const event of events.peek(position.checkpoint)?.events ?? []) {
      if (count >= most) return;
      count += 1;
      yield event;
    }
}

/** Keys that cannot be made are left to `change`, which is blamed for them. */
function neededKeys(
  projection: RowsAcrossEntities<unknown>,
  generation: SharedTarget["generation"],
  event: StoredEvent,
): readonly TableKey[] {
  try {
    const needed = forEvent(event, `needs of ${projection.name}`, () => projection.needs?.(event) ?? []);
    return needed.map((at: RowKey) => sharedRowKey(generation, at));
  } catch {
    return [];
  }
}
