import type { StoredEvent } from "../event-store/index.ts";
import type { StreamedEvent } from "./records.ts";

/** What a batch of records tells of one entity: read up to `upTo`. */
export interface EntityBatch {
  readonly entityId: string;
  /** The highest sequence number in the batch. */
  readonly upTo: number;
  /** By sequence number, each once; with holes where the batch has them. */
  readonly events: readonly StoredEvent[];
}

/** Groups records by entity. Neither their order nor their being there once is trusted. */
export function groupByEntity(records: readonly Omit<StreamedEvent, "recordId">[]): EntityBatch[] {
  const entities = new Map<string, { upTo: number; events: Map<number, StoredEvent> }>();
  for (const { entityId, sequenceNumber, event } of records) {
    const entity = entities.get(entityId) ?? { upTo: 0, events: new Map() };
    entity.upTo = Math.max(entity.upTo, sequenceNumber);
    if (event) entity.events.set(sequenceNumber, event);
    entities.set(entityId, entity);
  }
  return [...entities].map(([entityId, { upTo, events }]) => ({
    entityId,
    upTo,
    events: [...events.values()].sort((a, b) => a.sequenceNumber - b.sequenceNumber),
  }));
}

/** A record told of an event, or of a later one of its entity, and the store does not have it. */
export const missingEvent = (sequenceNumber: number): Error =>
  new Error(`event ${sequenceNumber} is not in the store, though a record told of it or of a later one`);

/** The events from `from` to `to`, or undefined when one of them is missing. */
export function contiguous(events: readonly StoredEvent[], from: number, to: number): StoredEvent[] | undefined {
  const wanted = events.filter(({ sequenceNumber }) => sequenceNumber >= from && sequenceNumber <= to);
  const isWhole = wanted.length === to - from + 1;
  return isWhole ? wanted : undefined;
}
