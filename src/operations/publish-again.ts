import { readProgressNow, writeProgress } from "../publisher/dynamodb-progress.ts";
import type { ReadModelTable } from "../stream/index.ts";
import type { OperationsContext } from "./context.ts";

export interface PublishedAgain {
  readonly entities: number;
  readonly published: number;
  /** Entities of which an event was refused: the publisher's daily sweep tries them again. */
  readonly failed: number;
  /** Entities that are parked in the publisher, and were left so. */
  readonly parked: number;
}

/**
 * Puts on the bus what was stored since a time (ISO 8601), whether or not it is there: for subscribers that have lost
 * events. Each entity's place is set back to before its first such event and published on from there, so its events keep
 * their order, and what a cut leaves behind the publisher's sweep makes up for.
 */
export async function publishAgain(
  context: Pick<OperationsContext, "store" | "table" | "publisher">,
  {
    fromTime,
    aggregateTypes,
    onProgress,
  }: {
    readonly fromTime: string;
    readonly aggregateTypes: readonly string[];
    readonly onProgress?: (soFar: PublishedAgain) => void;
  },
): Promise<PublishedAgain> {
  const { store, table, publisher } = context;
  let soFar: PublishedAgain = { entities: 0, published: 0, failed: 0, parked: 0 };
  for (const aggregateType of aggregateTypes) {
    const spans = new Map<string, Span>();
    for await (const { entityId, sequenceNumber } of store.readKeysByType(aggregateType, { fromTime })) {
      const { first = sequenceNumber, last = sequenceNumber } = spans.get(entityId) ?? {};
      spans.set(entityId, { first: Math.min(first, sequenceNumber), last: Math.max(last, sequenceNumber) });
    }
    const all = [...spans];
    for (let start = 0; start < all.length; start += ENTITIES_AT_ONCE) {
      const part = all.slice(start, start + ENTITIES_AT_ONCE);
      const moved = await Promise.all(part.map(([entityId, { first }]) => moveBack(table, entityId, first - 1)));
      const batches = part
        .filter((_, index) => moved[index])
        .map(([entityId, { last }]) => ({ entityId, upTo: last, events: [] }));
      const { published, failures, parked } = await publisher.publish(batches);
      soFar = {
        entities: soFar.entities + batches.length,
        published: soFar.published + published,
        failed: soFar.failed + failures.length,
        parked: soFar.parked + parked + part.length - batches.length,
      };
      onProgress?.(soFar);
    }
  }
  return soFar;
}

interface Span {
  readonly first: number;
  readonly last: number;
}

/**
 * Sets an entity's place on the bus back, so that it is published on from there. False for a parked entity, which is left
 * as it is. The publisher may be at the same entity: what it wrote meanwhile is read.
 */
export async function moveBack(table: ReadModelTable, entityId: string, published: number): Promise<boolean> {
  for (;;) {
    const { failing: _, ...progress } = await readProgressNow(table, entityId);
    if (progress.parked) return false;
    if (progress.published <= published) return true;
    if (await writeProgress(table, { ...progress, published })) return true;
  }
}

const ENTITIES_AT_ONCE = 50;
