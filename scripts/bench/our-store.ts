import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBEventStore, type PayloadEncoding } from "../../src/event-store/dynamodb/index.ts";
import { makeSnapshot } from "../../src/snapshotter/index.ts";
import { added, counter } from "./counter.ts";
import type { BenchEngine } from "./engine.ts";

export const ENCODINGS: readonly PayloadEncoding[] = ["map", "json"];

/** Tables as serverless.yml declares them, with both indexes and no stream, and stores on them. */
export async function openTables(engine: BenchEngine, prefix: string, payloadEncoding: PayloadEncoding) {
  const [events, snapshots] = [`${prefix}-Events`, `${prefix}-Snapshots`];
  await engine.createEvents(events, "declared");
  await engine.createSnapshots(snapshots);
  return (client: DynamoDBClient) =>
    new DynamoDBEventStore(client, events, snapshots, { aggregates: [counter], payloadEncoding });
}

export const WHO = { userId: "ann", correlationId: "c-1" } as const;

/** Events of an entity, after which a writer goes on with a new one. */
const ENTITY_EVENTS = 100;

/** Where each worker's next append goes: to an entity of its own, to a new one after 100 events. */
export function appendPlaces(prefix: string, eventsPerAppend: number) {
  const stored = new Map<number, number>();
  return (worker: number): { readonly entityId: string; readonly version: number } => {
    const before = stored.get(worker) ?? 0;
    stored.set(worker, before + eventsPerAppend);
    return {
      entityId: `${prefix}-${worker}-${Math.floor(before / ENTITY_EVENTS)}`,
      version: before % ENTITY_EVENTS,
    };
  };
}

const FILL_AT_ONCE = 100;

/** Stores events until the entity has so many; with `snapshotAt`, makes a snapshot when it has had that many. */
export async function fillEntity(
  store: DynamoDBEventStore,
  entityId: string,
  { events, snapshotAt }: { readonly events: number; readonly snapshotAt?: number },
): Promise<void> {
  for (let version = 0; version < events; version += FILL_AT_ONCE) {
    if (version === snapshotAt)
      await makeSnapshot({ store, aggregates: [counter], clock: () => new Date() }, counter, entityId);
    const batch = Array.from({ length: FILL_AT_ONCE }, (_, n) => added(version + n + 1));
    const { aggregateType } = counter;
    await store.appendEvents({ aggregateType, entityId, events: batch, expectedVersion: version, ...WHO });
  }
}
