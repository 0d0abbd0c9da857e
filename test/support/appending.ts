import type { DynamoDBEventStore } from "../../src/event-store/dynamodb/index.ts";
import type { AppendRequest } from "../../src/event-store/index.ts";
import type { TestEngine } from "./engine.ts";
import { type Fault, injectFaults } from "./faults.ts";
import { openStore } from "./store.ts";

/** Appends one event of no further meaning. */
export const appendOne = (
  store: DynamoDBEventStore,
  entityId: string,
  expectedVersion?: number,
  eventData: object = { a: 1 },
) => store.appendEvent("Thing", entityId, "ThingDone", eventData, "ann", "c-1", expectedVersion);

/** Asks for so many events of no further meaning. */
export const several = (entityId: string, count: number, more: Partial<AppendRequest> = {}): AppendRequest => ({
  aggregateType: "Thing",
  entityId,
  events: Array.from({ length: count }, (_, n) => ({ eventType: "ThingDone", eventData: { n } })),
  userId: "ann",
  correlationId: "c-1",
  ...more,
});

/** The sequence numbers that stand in the table. */
export async function sequenceOf(engine: TestEngine, entityId: string): Promise<number[]> {
  return (await openStore(engine).getEvents(entityId)).map(({ sequenceNumber }) => sequenceNumber);
}

/** A store of its own whose requests meet a fault where `on` says so; requests are counted from 1. */
export function storeWithFault(
  engine: TestEngine,
  fault: Fault,
  table: (operation: string, number: number) => boolean,
): DynamoDBEventStore {
  const client = engine.connect();
  let number = 0;
  injectFaults(client, ({ operation }) => {
    number += 1;
    return table(operation, number) ? fault : undefined;
  });
  return openStore(engine, {}, client);
}
