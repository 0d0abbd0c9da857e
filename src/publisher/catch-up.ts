import type { EventStore } from "../event-store/index.ts";
import type { ReadModelTable } from "../stream/index.ts";
import { readProgress, readProgressNow, writeProgress } from "./dynamodb-progress.ts";
import type { Publisher } from "./publisher.ts";

export interface CatchUpContext {
  readonly store: Pick<EventStore, "scanEvents">;
  readonly table: ReadModelTable;
}

/** An entity whose newest events are not on the bus, though it is not parked. */
export interface Unpublished {
  readonly entityId: string;
  /** The last event on the bus; 0: none. */
  readonly published: number;
  readonly head: number;
}

export interface CaughtUp {
  readonly published: number;
  /** Entities of which an event was refused: they are tried again by the next run, and parked in the end. */
  readonly failed: number;
}

/** Entities whose events are not all on the bus: the stream forgot them, or the publisher never saw them. */
export async function* listUnpublished(context: CatchUpContext): AsyncGenerator<Unpublished> {
  const seen = new Map<string, Unpublished>();
  for await (const page of behind(context))
    for (const { entityId, published, head } of page) seen.set(entityId, { entityId, published, head });
  yield* seen.values();
}

/** Puts on the bus what is not there yet, each entity's events in order. Can be run beside the publisher, and again. */
export async function publishMissing(context: CatchUpContext, publisher: Publisher): Promise<CaughtUp> {
  const failed = new Set<string>();
  let published = 0;
  for await (const page of behind(context)) {
    const fine = page.filter(({ entityId }) => !failed.has(entityId));
    const outcome = await publisher.publish(fine.map(({ entityId, head }) => ({ entityId, upTo: head, events: [] })));
    published += outcome.published;
    for (const { entityId } of outcome.failures) failed.add(entityId);
  }
  return { published, failed: failed.size };
}

/**
 * Takes all that is stored by now as published, without sending it: before the publisher is put to a table
 * whose history must not be published, or after its progress was lost with the ReadModels table.
 *
 * @returns the number of entities
 */
export async function markPublished(context: CatchUpContext): Promise<number> {
  const marked = new Set<string>();
  for await (const page of behind(context)) {
    for (const { entityId, head } of page) if (await markUpTo(context.table, entityId, head)) marked.add(entityId);
  }
  return marked.size;
}

/** Goes through the whole table, a page at a time. An entity that lies across pages is met on each. */
async function* behind({ store, table }: CatchUpContext): AsyncGenerator<Unpublished[]> {
  let start: string | undefined;
  do {
    const page = await store.scanEvents({ segment: 0, segments: 1, start });
    const heads = new Map<string, number>();
    for (const { entityId, sequenceNumber } of page.events)
      heads.set(entityId, Math.max(heads.get(entityId) ?? 0, sequenceNumber));
    const known = await readProgress(table, [...heads.keys()]);
    yield [...known.values()].flatMap(({ entityId, published, parked }) => {
      const head = heads.get(entityId) ?? 0;
      return parked || published >= head ? [] : [{ entityId, published, head }];
    });
    start = page.next;
  } while (start !== undefined);
}

/** The publisher may be at the same entity: what it wrote meanwhile is read, and marked on. */
async function markUpTo(table: ReadModelTable, entityId: string, head: number): Promise<boolean> {
  for (;;) {
    const { failing: _, ...progress } = await readProgressNow(table, entityId);
    if (progress.parked || progress.published >= head) return false;
    if (await writeProgress(table, { ...progress, published: head })) return true;
  }
}
