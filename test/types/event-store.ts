import type { BasicEventStore } from "../../src/event-store/index.ts";
import { ConcurrencyError, DynamoDBEventStore, type Event, type EventStore, type Snapshot } from "../../src/index.ts";

/** The interface as it was asked for, to the letter. */
interface Given {
  appendEvent<T>(
    aggregateType: string,
    entityId: string,
    eventType: string,
    eventData: T,
    userId: string,
    correlationId: string,
    expectedVersion?: number,
  ): Promise<number>;
  getEvents(entityId: string, fromSequence?: number, toSequence?: number): Promise<Event[]>;
  getEventsByType(aggregateType: string, eventType: string, fromTime?: string, toTime?: string): Promise<Event[]>;
  createSnapshot<T>(
    aggregateType: string,
    entityId: string,
    version: number,
    snapshotData: T,
    eventSequenceNumber: number,
  ): Promise<void>;
  getLatestSnapshot<T>(entityId: string): Promise<Snapshot<T> | null>;
}

declare const store: DynamoDBEventStore;
export const given: Given = store;
export const basic: BasicEventStore = given;
export const full: EventStore = store;
export const back: Given = basic;

interface Cart {
  readonly total: number;
}
export const version: Promise<number> = given.appendEvent<Cart>("Cart", "c", "CartFilled", { total: 1 }, "u", "c");
export const snapshot: Promise<Snapshot<Cart> | null> = given.getLatestSnapshot<Cart>("c");
export const nothing: Promise<void> = given.createSnapshot<Cart>("Cart", "c", 1, { total: 1 }, 1);
export const make = (...args: ConstructorParameters<typeof DynamoDBEventStore>) => new DynamoDBEventStore(...args);
export const isConflict = (error: unknown): error is ConcurrencyError => error instanceof ConcurrencyError;

// @ts-expect-error: a number is no Cart
given.appendEvent<Cart>("Cart", "c", "CartFilled", 5, "u", "c");
// @ts-expect-error: there may be no snapshot
export const always: Promise<Snapshot<Cart>> = given.getLatestSnapshot<Cart>("c");
