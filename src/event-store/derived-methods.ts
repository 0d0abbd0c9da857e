import { collect } from "./collect.ts";
import type { StoredEvent } from "./event.ts";
import type {
  AppendRequest,
  AppendResult,
  BasicEventStore,
  IndexEntry,
  IndexReadOptions,
  ReadOptions,
} from "./event-store.ts";
import type { NewSnapshot, Snapshot, SnapshotOptions, SnapshotQuery } from "./snapshot.ts";

/** The methods of a store that are told by its others. */
export abstract class DerivedMethods implements BasicEventStore {
  abstract appendEvents(request: AppendRequest): Promise<AppendResult>;
  abstract readEvents(entityId: string, options?: ReadOptions): AsyncIterable<StoredEvent>;
  abstract readEventsByType(
    aggregateType: string,
    eventType: string | undefined,
    options?: IndexReadOptions,
  ): AsyncIterable<IndexEntry>;
  abstract readEventsByUser(userId: string, options?: IndexReadOptions): AsyncIterable<IndexEntry>;
  abstract storeSnapshot(snapshot: NewSnapshot, options?: SnapshotOptions): Promise<boolean>;
  abstract readSnapshots(entityId: string, query?: SnapshotQuery): AsyncIterable<Snapshot>;

  async appendEvent<T>(
    aggregateType: string,
    entityId: string,
    eventType: string,
    eventData: T,
    userId: string,
    correlationId: string,
    expectedVersion?: number,
  ): Promise<number> {
    const events = [{ eventType, eventData: eventData as object }];
    const request = { aggregateType, entityId, events, userId, correlationId, expectedVersion };
    return (await this.appendEvents(request)).version;
  }

  getEvents(entityId: string, fromSequence?: number, toSequence?: number): Promise<StoredEvent[]> {
    return collect(this.readEvents(entityId, { fromSequence, toSequence }), (event) => event);
  }

  getEventsByType(
    aggregateType: string,
    eventType: string,
    fromTime?: string,
    toTime?: string,
  ): Promise<StoredEvent[]> {
    return collect(this.readEventsByType(aggregateType, eventType, { fromTime, toTime }), ({ event }) => event);
  }

  getEventsByUser(userId: string, fromTime?: string, toTime?: string): Promise<StoredEvent[]> {
    return collect(this.readEventsByUser(userId, { fromTime, toTime }), ({ event }) => event);
  }

  async createSnapshot<T>(
    aggregateType: string,
    entityId: string,
    version: number,
    snapshotData: T,
    eventSequenceNumber: number,
    options: SnapshotOptions = {},
  ): Promise<void> {
    await this.storeSnapshot({ aggregateType, entityId, version, snapshotData, eventSequenceNumber }, options);
  }

  async getLatestSnapshot<T>(entityId: string): Promise<Snapshot<T> | null> {
    for await (const snapshot of this.readSnapshots(entityId, { limit: 1 })) return snapshot as Snapshot<T>;
    return null;
  }
}
