import type { EventStore } from "../event-store/index.ts";

/** How far the sweep of one aggregate type is. */
export interface LagSweepPosition {
  /** ISO 8601. Events of this span are looked through. */
  readonly from: string;
  readonly until: string;
  /** Where to go on; undefined when the span is done with. */
  readonly cursor?: string | undefined;
  readonly isDone: boolean;
  /** Entities that could not be brought up, each once: the next sweep takes them again. */
  readonly failed: readonly EntityHead[];
  /** ISO 8601. When the place was kept. */
  readonly keptAt: string;
}

/** The last event of an entity that a sweep has met. */
export interface EntityHead {
  readonly entityId: string;
  readonly head: number;
}

export interface LagSweepProgress {
  load(aggregateType: string): Promise<LagSweepPosition | undefined>;
  save(aggregateType: string, position: LagSweepPosition): Promise<void>;
}

export interface LagSweepContext {
  readonly store: Pick<EventStore, "readKeysByType">;
  readonly progress: LagSweepProgress;
  readonly clock: () => Date;
  readonly isTimeUp: () => boolean;
  /** Finds which of the entities of an aggregate type are behind and brings them up. */
  readonly repair: (heads: readonly EntityHead[], aggregateType: string) => Promise<LagRepair>;
  /** ISO 8601. Where the first sweep of all begins. Default: the first event. */
  readonly beginAt?: string | undefined;
  /** Keys that are read between two savings of the position. Default 2,000. */
  readonly slice?: number;
}

/** Entities that a reader of the stream had lost sight of. */
export interface LagRepair {
  /** Behind without being parked. */
  readonly behind: readonly string[];
  /** Of those, the ones that could not be brought up. */
  readonly failed: readonly string[];
}

export interface LagSweepReport extends LagRepair {
  readonly aggregateType: string;
  /** Entities that were looked at. */
  readonly entities: number;
  /** False when the time ran out: the next call goes on from there. */
  readonly isDone: boolean;
}

/** Milliseconds that an event is left to the stream before it counts as lost. */
const SETTLED_MS = 15 * 60 * 1000;
/** Milliseconds that each sweep looks back again: the index is behind the table by moments, and clocks differ. */
const OVERLAP_MS = 60 * 60 * 1000;
/** ISO 8601. The first sweep begins with the first event. */
const BEGINNING = new Date(0).toISOString();

/**
 * Finds the entities that a reader of the stream has left behind: an event that it never got, or gave up, by the times
 * of the events. Every event is looked at once, by its key in the type index, in slices after each of which the place is kept;
 * what was looked at by the sweep before is not read again. A type that is cut off is gone on with by the next call. So a day's sweep costs what the day's events and their
 * entities cost, however many entities there are (docs/adr/0020-the-lag-sweep.md).
 */
export async function sweepLag(context: LagSweepContext, aggregateTypes: readonly string[]): Promise<LagSweepReport[]> {
  const reports: LagSweepReport[] = [];
  for (const { aggregateType, last } of await longestWaitingFirst(context.progress, aggregateTypes)) {
    if (context.isTimeUp()) break;
    reports.push(await sweepType(context, aggregateType, last));
  }
  return reports;
}

/** Aggregate types in the order in which they were last looked at, so that a long one does not keep the others waiting. */
async function longestWaitingFirst(progress: LagSweepProgress, aggregateTypes: readonly string[]) {
  const types = await Promise.all(
    aggregateTypes.map(async (aggregateType) => ({ aggregateType, last: await progress.load(aggregateType) })),
  );
  const keptAt = ({ last }: (typeof types)[number]): string => last?.keptAt ?? "";
  return types.sort((a, b) => (keptAt(a) < keptAt(b) ? -1 : keptAt(a) > keptAt(b) ? 1 : 0));
}

async function sweepType(
  context: LagSweepContext,
  aggregateType: string,
  last: LagSweepPosition | undefined,
): Promise<LagSweepReport> {
  const { progress, clock, isTimeUp, repair } = context;
  const report = { aggregateType, entities: 0, behind: new Set<string>(), failed: new Set<string>() };
  let position = spanAfter(context, last);

  async function look(heads: readonly EntityHead[]): Promise<EntityHead[]> {
    const { behind, failed } = await repair(heads, aggregateType);
    report.entities += heads.length;
    for (const id of behind) report.behind.add(id);
    for (const id of failed) report.failed.add(id);
    return heads.filter(({ entityId }) => failed.includes(entityId));
  }

  if (position !== last) position = { ...position, failed: await look(position.failed) };
  for await (const { heads, cursor } of slicesOf(context, aggregateType, position)) {
    const failed = eachOnce([...position.failed, ...(await look(heads))]);
    // Cut off within the slice, or with more failures than can be kept: it is looked at again. What was repaired stays so.
    if (isTimeUp() || bytesOf(failed) > MAX_FAILED_BYTES) break;
    position = { ...position, cursor, isDone: cursor === undefined, failed, keptAt: clock().toISOString() };
    await progress.save(aggregateType, position);
  }
  return { ...report, behind: [...report.behind], failed: [...report.failed], isDone: position.isDone };
}

interface Slice {
  readonly heads: readonly EntityHead[];
  /** Undefined with the last slice. */
  readonly cursor: string | undefined;
}

async function* slicesOf(
  { store, slice: size = 2_000 }: LagSweepContext,
  aggregateType: string,
  { from: fromTime, until: toTime, cursor }: LagSweepPosition,
): AsyncGenerator<Slice> {
  if (fromTime > toTime) return;
  let heads = new Map<string, number>();
  let read = 0;
  for await (const key of store.readKeysByType(aggregateType, { fromTime, toTime, cursor })) {
    heads.set(key.entityId, Math.max(key.sequenceNumber, heads.get(key.entityId) ?? 0));
    read += 1;
    if (read < size) continue;
    yield { heads: headsOf(heads), cursor: key.cursor };
    heads = new Map();
    read = 0;
  }
  yield { heads: headsOf(heads), cursor: undefined };
}

/** An entity that is met in two spans counts with its later event. */
function eachOnce(heads: readonly EntityHead[]): EntityHead[] {
  const all = new Map<string, number>();
  for (const { entityId, head } of heads) all.set(entityId, Math.max(head, all.get(entityId) ?? 0));
  return headsOf(all);
}

const headsOf = (heads: ReadonlyMap<string, number>): EntityHead[] =>
  [...heads].map(([entityId, head]) => ({ entityId, head }));

/** Bytes of the entities that are taken again by the next sweep: they stand in one item beside its place. */
const MAX_FAILED_BYTES = 200_000;

const bytesOf = (heads: readonly EntityHead[]): number =>
  heads.reduce((sum, { entityId }) => sum + Buffer.byteLength(entityId) + BYTES_A_HEAD, 0);

/** Bytes of an entity's head in the item, beside its id. */
const BYTES_A_HEAD = 40;

function spanAfter(
  { clock, beginAt = BEGINNING }: LagSweepContext,
  last: LagSweepPosition | undefined,
): LagSweepPosition {
  if (last && !last.isDone) return last;
  const from = last ? new Date(Date.parse(last.until) - OVERLAP_MS).toISOString() : beginAt;
  const now = clock();
  const until = new Date(now.getTime() - SETTLED_MS).toISOString();
  return { from, until, isDone: false, failed: last?.failed ?? [], keptAt: now.toISOString() };
}
