import { DynamoDBEventStore, type DynamoDBEventStoreOptions } from "../../src/event-store/dynamodb/index.ts";
import { EVENTS, SNAPSHOTS, type TestEngine } from "./engine.ts";

let entities = 0;

/** An entity id that no other test has. */
export const newEntity = (prefix = "e"): string => {
  entities += 1;
  return `${prefix}-${entities}-${Math.random().toString(36).slice(2, 8)}`;
};

/** A store with a client and a memory of its own: another process, as far as the table can tell. */
export function openStore(
  engine: TestEngine,
  options: DynamoDBEventStoreOptions = {},
  client = engine.connect(),
): DynamoDBEventStore {
  return new DynamoDBEventStore(client, EVENTS, SNAPSHOTS, options);
}

/** Appends `count` events to a new entity. */
export async function fill(
  store: DynamoDBEventStore,
  entityId: string,
  count: number,
  data: object = {},
): Promise<void> {
  for (let start = 0; start < count; start += 100) {
    const size = Math.min(100, count - start);
    await store.appendEvents({
      aggregateType: "Thing",
      entityId,
      events: Array.from({ length: size }, (_, index) => ({
        eventType: "ThingDone",
        eventData: { n: start + index + 1, ...data },
      })),
      userId: "ann",
      correlationId: "c-1",
      expectedVersion: start,
    });
  }
}
