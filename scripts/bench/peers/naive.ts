import { randomUUID } from "node:crypto";
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import type { PayloadEncoding } from "../../../src/event-store/dynamodb/index.ts";
import type { Payload } from "../counter.ts";
import type { BenchEngine } from "../engine.ts";
import { requestCounter } from "../meter.ts";
import { WHO } from "../our-store.ts";
import type { BenchStore, BenchStoreKind } from "./bench-store.ts";
import { type Item, jsonClient, mapClient } from "./naive-client.ts";

/** The store that tutorials write: it asks for the head, then puts on condition that the next place is free. */
export async function naive(engine: BenchEngine, prefix: string, encoding: PayloadEncoding): Promise<BenchStoreKind> {
  const tables = { events: `${prefix}-Events`, snapshots: `${prefix}-Snapshots` };
  await engine.createEvents(tables.events, "whole");
  await engine.createSnapshots(tables.snapshots);
  const name = `naive, ${encoding}`;
  const notes = [`${name}: a command reads the entity's last event, not its state; both indexes project all.`];
  return { name, appendsMany: true, notes, open: async () => openNaive(engine, tables, encoding) };
}

interface Tables {
  readonly events: string;
  readonly snapshots: string;
}

function openNaive(engine: BenchEngine, { events: table, snapshots }: Tables, encoding: PayloadEncoding): BenchStore {
  const client = engine.connect();
  const takeRequests = requestCounter(client);
  const items = encoding === "map" ? mapClient(client) : jsonClient(client);

  async function headOf(entityId: string): Promise<number> {
    const [last] = await items.query(table, { entityId, sortKey: "sequenceNumber", newest: 1 });
    return Number(last?.sequenceNumber ?? 0);
  }

  async function append(entityId: string, version: number, payloads: readonly Payload[]): Promise<void> {
    const head = await headOf(entityId);
    if (head !== version) throw new Error(`${entityId} is at ${head}, not at ${version}`);
    const events = payloads.map((payload, n) => eventItem(entityId, version + n + 1, payload));
    const [first] = events;
    if (first && events.length === 1) await items.put(table, first, true);
    else await items.putAllNew(table, events);
  }

  async function sumFrom(entityId: string, from: number): Promise<number> {
    const events = await items.query(table, { entityId, sortKey: "sequenceNumber", from });
    return events.reduce((sum, { eventData }) => sum + (eventData as Payload).by, 0);
  }

  return {
    append,
    load: (entityId) => sumFrom(entityId, 1),
    loadFromSnapshot: async (entityId) => {
      const [snapshot] = await items.query(snapshots, { entityId, sortKey: "version", newest: 1 });
      if (!snapshot) return sumFrom(entityId, 1);
      const { count } = snapshot.snapshotData as { readonly count: number };
      return count + (await sumFrom(entityId, Number(snapshot.version) + 1));
    },
    appendWithSnapshot: async (entityId, version, payloads, count) => {
      await append(entityId, version, payloads);
      await items.put(snapshots, { entityId, version: version + payloads.length, snapshotData: { count } });
    },
    command: async (entityId, payload) => {
      for (let isStored = false; !isStored; ) {
        const item = eventItem(entityId, (await headOf(entityId)) + 1, payload);
        isStored = await items.put(table, item, true).then(
          () => true,
          (error: unknown) => {
            if (error instanceof ConditionalCheckFailedException) return false;
            throw error;
          },
        );
      }
    },
    takeRequests,
  };
}

const eventItem = (entityId: string, sequenceNumber: number, eventData: Payload): Item => ({
  entityId,
  sequenceNumber,
  eventId: randomUUID(),
  eventType: "Added",
  eventTime: new Date().toISOString(),
  eventData,
  version: "1.0",
  aggregateType: "Counter",
  ...WHO,
});
