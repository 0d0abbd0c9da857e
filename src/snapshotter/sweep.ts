import pLimit from "p-limit";
import { type AnyAggregate, makeSnapshot, type SnapshotOutcome, type SnapshotterContext } from "./make-snapshot.ts";

/** How far the sweep of one aggregate type is. Times are ISO 8601. */
export interface SweepPosition {
  /** The events of this span are looked through. */
  readonly from: string;
  readonly until: string;
  /** Where to go on; undefined when the span is done with. */
  readonly cursor?: string | undefined;
  readonly isDone: boolean;
  /** Entities whose snapshot failed: the next sweep takes them again. */
  readonly failed: readonly string[];
}

export interface SweepProgress {
  load(aggregateType: string): Promise<SweepPosition | undefined>;
  save(aggregateType: string, position: SweepPosition): Promise<void>;
}

export interface SweepContext extends SnapshotterContext {
  readonly progress: SweepProgress;
  /** Milliseconds that are left for the sweep. */
  readonly timeLeft: () => number;
  /** Keys that are read between two savings of the position. Default 2,000. */
  readonly slice?: number;
  /** Entities that are worked on at the same time. Default 8. */
  readonly concurrency?: number;
  readonly onFailure?: (entityId: string, error: unknown) => void;
}

/** What a sweep found and did. */
export interface SweepReport {
  readonly aggregateType: string;
  /** Entities that changed since their last snapshot. */
  readonly due: number;
  readonly made: number;
  /** Entities whose snapshot stood at their version already. */
  readonly skipped: number;
  readonly tooLarge: number;
  readonly failed: number;
  /** False when the time ran out: the next call goes on from there. */
  readonly isDone: boolean;
}

/**
 * Snapshots every entity of an aggregate type that changed since the last sweep. Which changed is
 * read from the keys of the type index, in slices; after each the place is saved, so that a sweep
 * that was cut off goes on there.
 */
export async function sweepAggregate(context: SweepContext, aggregate: AnyAggregate): Promise<SweepReport> {
  const { progress, clock, timeLeft } = context;
  const { aggregateType } = aggregate;
  const counts: Counts = { due: 0, made: 0, skipped: 0, tooLarge: 0, failed: 0 };
  const last = await progress.load(aggregateType);
  let position = nextSpan(last, clock().toISOString());
  const isNew = position !== last;
  if (isNew)
    position = { ...position, failed: await snapshotAll(context, aggregate, { entityIds: position.failed, counts }) };
  const done = new Set<string>();
  for await (const { entityIds, cursor } of slicesOf(context, aggregateType, position)) {
    const fresh = entityIds.filter((entityId) => !done.has(entityId));
    const failed = await snapshotAll(context, aggregate, { entityIds: fresh, counts });
    for (const entityId of fresh) done.add(entityId);
    const allFailed = [...new Set([...position.failed, ...failed])].slice(-MAX_FAILED);
    position = { ...position, cursor, isDone: cursor === undefined, failed: allFailed };
    await progress.save(aggregateType, position);
    if (!position.isDone && timeLeft() < RESERVE_MS) break;
  }
  return { aggregateType, ...counts, isDone: position.isDone };
}

function nextSpan(last: SweepPosition | undefined, now: string): SweepPosition {
  if (last && !last.isDone) return last;
  const from = last ? earlier(last.until, OVERLAP_MS) : FIRST_TIME;
  return { from, until: now, isDone: false, failed: last?.failed ?? [] };
}

/** Makes the snapshots of some entities; answers with those that failed. */
async function snapshotAll(
  context: SweepContext,
  aggregate: AnyAggregate,
  { entityIds, counts }: { readonly entityIds: readonly string[]; readonly counts: Counts },
): Promise<string[]> {
  const limit = pLimit(context.concurrency ?? 8);
  const failed: string[] = [];
  const one = async (entityId: string) => {
    try {
      count(counts, await makeSnapshot(context, aggregate, entityId));
    } catch (error) {
      counts.due += 1;
      counts.failed += 1;
      failed.push(entityId);
      context.onFailure?.(entityId, error);
    }
  };
  await Promise.all(entityIds.map((entityId) => limit(one, entityId)));
  return failed;
}

function count(counts: Counts, { outcome }: SnapshotOutcome): void {
  if (outcome === "made") counts.made += 1;
  if (outcome === "too-large") counts.tooLarge += 1;
  if (outcome === "current") counts.skipped += 1;
  else counts.due += 1;
}

interface Slice {
  readonly entityIds: string[];
  readonly cursor: string | undefined;
}

async function* slicesOf(context: SweepContext, aggregateType: string, position: SweepPosition): AsyncGenerator<Slice> {
  const { from: fromTime, until: toTime, cursor } = position;
  const size = context.slice ?? 2_000;
  let ids = new Set<string>();
  let read = 0;
  for await (const key of context.store.readKeysByType(aggregateType, { fromTime, toTime, cursor })) {
    ids.add(key.entityId);
    read += 1;
    if (read < size) continue;
    yield { entityIds: [...ids], cursor: key.cursor };
    ids = new Set();
    read = 0;
  }
  yield { entityIds: [...ids], cursor: undefined };
}

/** Milliseconds. The index is behind the table by moments, and clocks differ: each sweep looks this far back again. */
const OVERLAP_MS = 15 * 60 * 1000;
/** Milliseconds that a slice may take to finish after the last look at the time. */
const RESERVE_MS = 20_000;
const MAX_FAILED = 1_000;
const FIRST_TIME = new Date(0).toISOString();

type Counts = { -readonly [Name in "due" | "made" | "skipped" | "tooLarge" | "failed"]: number };

const earlier = (time: string, milliseconds: number): string =>
  new Date(Math.max(0, Date.parse(time) - milliseconds)).toISOString();
