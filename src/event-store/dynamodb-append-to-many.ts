import { explainConflict, findHead, isAppended, remember } from "./dynamodb-append.ts";
import type { StoreContext } from "./dynamodb-context.ts";
import { placeAfter, prepareAppend } from "./dynamodb-prepare.ts";
import { writeEvents } from "./dynamodb-write.ts";
import { CommandIdReusedError, InvalidArgumentError } from "./errors.ts";
import type { Appended, AppendRequest } from "./event-store.ts";
import { checkWholeNumber, MAX_EVENTS_PER_APPEND } from "./validate.ts";

function checkTogether(requests: readonly AppendRequest[]): void {
  const total = requests.reduce((sum, { events }) => sum + events.length, 0);
  if (total > MAX_EVENTS_PER_APPEND) {
    throw new InvalidArgumentError("requests", total, `at most ${MAX_EVENTS_PER_APPEND} events in all`);
  }
  const ids = new Set<string>();
  for (const { entityId, expectedVersion } of requests) {
    checkWholeNumber(`expectedVersion of ${entityId}`, expectedVersion, 0);
    if (ids.has(entityId)) throw new InvalidArgumentError("entityId", entityId, "each entity once");
    ids.add(entityId);
  }
}

/** Appends to several entities, all or none. */
export async function appendToMany(context: StoreContext, requests: readonly AppendRequest[]): Promise<Appended[]> {
  checkTogether(requests);
  if (requests.length === 0) return [];
  const appends = await Promise.all(requests.map((request) => prepareAppend(context, request)));
  const found = await Promise.all(appends.map((append) => findHead(context, append)));
  if (found.every(isAppended)) return found;
  const placed = appends.map((append, index) => {
    const head = found[index];
    if (head === undefined || isAppended(head)) {
      throw new CommandIdReusedError(append.request.entityId, append.command?.id ?? "", head?.version ?? 0);
    }
    return { append, head, events: placeAfter(context, head, append) };
  });
  const conflict = await writeEvents(
    context,
    placed.flatMap(({ events }) => events),
  );
  if (!conflict) return placed.map(({ head, events }) => remember(context, head, events));
  const lost = placed.find(({ append }) => append.request.entityId === conflict.entityId);
  if (!lost) throw new InvalidArgumentError("entityId", conflict.entityId, "one of the transaction");
  await explainConflict(context, lost.append);
  return appendToMany(context, requests);
}
