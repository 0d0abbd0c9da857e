import type { EntityHead } from "../entity-head.ts";
import { CommandIdReusedError, ConcurrencyError, isConcurrencyError } from "../errors.ts";
import type { AppendRequest, AppendResult } from "../event-store.ts";
import { checkAppendToMany } from "../validate.ts";
import { findHead, findRepeat, isAppended, remember } from "./append.ts";
import type { StoreContext } from "./context.ts";
import { itemSize } from "./item-size.ts";
import { assignSequenceNumbers, checkTransactionSize, type PreparedAppend, prepareAppend } from "./prepare.ts";
import { writeEvents } from "./write.ts";

/** Appends to several entities, all or none. */
export async function appendToMany(context: StoreContext, requests: readonly AppendRequest[]): Promise<AppendResult[]> {
  checkAppendToMany(requests);
  if (requests.length === 0) return [];
  const appends = await Promise.all(requests.map((request) => prepareAppend(context, request)));
  const found = await allInOrder(appends.map((append) => findHead(context, append))).catch(async (error: unknown) => {
    // A command is on all of the requests or on none.
    const mayRepeat = isConcurrencyError(error) && appends[0]?.command !== undefined;
    const { all } = mayRepeat ? await repeatedResults(context, appends) : { all: undefined };
    if (all) return all;
    throw error;
  });
  const heads = found.flatMap((one) => (isAppended(one) ? [] : [one]));
  if (heads.length === 0) return found.flatMap((one) => (isAppended(one) ? [one] : []));
  if (heads.length < found.length) {
    return (await repeatedResults(context, appends)).all ?? refuseReuse(appends, found);
  }
  const placed = appends.map((append, index) => assignSequenceNumbers(context, heads[index] as EntityHead, append));
  for (const [index, { request }] of appends.entries())
    request.precondition?.((placed[index] ?? []).map(({ event }) => event));
  checkTransactionSize(
    placed.flat().reduce((sum, { item }) => sum + itemSize(item), 0),
    placed.flat().length,
  );
  const conflict = await writeEvents(context, placed.flat());
  if (!conflict) return placed.map((events, index) => remember(context, heads[index] as EntityHead, events));
  const { all, versions } = await repeatedResults(context, appends);
  if (all) return all;
  const refused = appends.find(({ request }) => request.entityId === conflict.entityId);
  const { expectedVersion = 0 } = refused?.request ?? {};
  throw new ConcurrencyError(conflict.entityId, expectedVersion, versions.get(conflict.entityId) ?? 0);
}

/** Of several that fail, the first in the order of the requests is thrown, whichever came back first. */
async function allInOrder<T>(pending: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(pending);
  return Promise.all(pending);
}

/** The first results when the whole was stored before; undefined when not all of it was. */
async function repeatedResults(
  context: StoreContext,
  appends: readonly PreparedAppend[],
): Promise<{ readonly all: AppendResult[] | undefined; readonly versions: ReadonlyMap<string, number> }> {
  const found = await Promise.all(appends.map((append) => findRepeat(context, append)));
  const repeated = found.flatMap((one) => one.repeated ?? []);
  const versions = new Map(appends.map(({ request }, index) => [request.entityId, found[index]?.version ?? 0]));
  return { all: repeated.length === appends.length ? repeated : undefined, versions };
}

/** A command that is stored on some of the entities only was another one there. */
function refuseReuse(appends: readonly PreparedAppend[], found: readonly (EntityHead | AppendResult)[]): never {
  const index = found.findIndex(isAppended);
  const { request, command } = appends[index] as PreparedAppend;
  throw new CommandIdReusedError(request.entityId, command?.id ?? "", found[index]?.version ?? 0);
}
