import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { Meter } from "../../../scripts/bench/meter.ts";
import type { DynamoDBEventStore } from "../../../src/event-store/dynamodb/index.ts";
import type { EventTypes, StoredEvent } from "../../../src/event-store/index.ts";
import { createBareEventsTable, putEvents, storedEvent } from "../../support/bare-table.ts";
import { SNAPSHOTS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { fill, newEntity, openStore } from "../../support/store.ts";

let engine: TestEngine;
let store: DynamoDBEventStore;
beforeAll(async () => {
  engine = await startTestEngine();
  store = openStore(engine);
});
afterAll(() => engine.stop());

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}
const numbers = (events: readonly StoredEvent[]) => events.map(({ sequenceNumber }) => sequenceNumber);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe("the events of an entity", () => {
  test("come in order through every page, within inclusive bounds", async () => {
    const entity = newEntity();
    await fill(store, entity, 300, { text: "x".repeat(8_000) });
    const client = engine.connect();
    const meter = new Meter(client);
    const events = await openStore(engine, {}, client).getEvents(entity);
    expect(numbers(events)).toEqual(range(1, 300));
    expect(meter.take().requests).toBeGreaterThan(2);
    expect(numbers(await store.getEvents(entity, 250))).toEqual(range(250, 300));
    expect(numbers(await store.getEvents(entity, 7, 9))).toEqual([7, 8, 9]);
    expect(await store.getEvents(entity, 301)).toEqual([]);
    expect(await store.getEvents(entity, 9, 7)).toEqual([]);
    expect(await store.getEvents(newEntity())).toEqual([]);
  });

  test("are read backward and with a real limit", async () => {
    const entity = newEntity();
    await fill(store, entity, 10);
    expect(numbers(await collect(store.readEvents(entity, { direction: "backward" })))).toEqual(range(1, 10).reverse());
    expect(numbers(await collect(store.readEvents(entity, { direction: "backward", limit: 3 })))).toEqual([10, 9, 8]);
    expect(numbers(await collect(store.readEvents(entity, { limit: 4, fromSequence: 3 })))).toEqual([3, 4, 5, 6]);
    const client = engine.connect();
    const meter = new Meter(client);
    await collect(openStore(engine, {}, client).readEvents(entity, { limit: 2 }));
    expect(meter.take()).toMatchObject({ requests: 1, read: 1 });
  });

  test.each([
    ["fromSequence", { fromSequence: 0 }],
    ["limit", { limit: 0 }],
    ["toSequence", { toSequence: 1.5 }],
  ])("a bad %s is named", async (field, options) => {
    await expect(collect(store.readEvents("e", options))).rejects.toMatchObject({ code: "INVALID_ARGUMENT", field });
  });
});

test("an entity of 50,000 events of 4 KB is read with under 100 MB of heap", async () => {
  const entity = "long";
  const table = "Long-Events";
  const eventData = { text: "x".repeat(4_000) };
  await createBareEventsTable(engine.client, table);
  await putEvents(engine.client, table, 50_000, (n) =>
    storedEvent({ entityId: entity, sequenceNumber: n + 1, eventData }),
  );
  const script = `
    import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
    import { DynamoDBEventStore } from "./src/event-store/dynamodb/index.ts";
    const client = new DynamoDBClient({ endpoint: "${engine.endpoint}", region: "eu-central-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } });
    const store = new DynamoDBEventStore(client, "${table}", "${SNAPSHOTS}");
    let count = 0;
    for await (const event of store.readEvents("${entity}")) count += event.eventData.text.length === 4000 ? 1 : 0;
    console.log(count);
    client.destroy();
  `;
  const env = { ...process.env, NODE_OPTIONS: "", AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
  const args = ["--max-old-space-size=100", "--import", "tsx", "--input-type=module", "-e", script];
  expect(execFileSync(process.execPath, args, { env, encoding: "utf8" }).trim()).toBe("50000");
}, 180_000);

describe("index reads", () => {
  const at = (minute: number) => `2026-03-01T10:${String(minute).padStart(2, "0")}:00.000Z`;

  async function history(type: string, user: string) {
    const appended: [string, number, number][] = [
      ["b", 1, 5],
      ["a", 1, 5],
      ["a", 2, 5],
      ["c", 1, 2],
      ["a", 3, 9],
    ];
    for (const [entity, sequence, minute] of appended) {
      const writer = openStore(engine, { clock: () => new Date(at(minute)) });
      const eventType = sequence === 3 ? "Ended" : "Done";
      await writer.appendEvent(type, `${type}-${entity}`, eventType, { minute }, user, "c-1", sequence - 1);
    }
  }
  const where = (events: readonly StoredEvent[]) =>
    events.map((e) => `${e.entityId.split("-").at(-1)}${e.sequenceNumber}`);

  test("are by time, then entity, then sequence number, within inclusive times", async () => {
    await history("TypeA", "user-a");
    expect(where(await store.getEventsByType("TypeA", "Done"))).toEqual(["c1", "a1", "a2", "b1"]);
    expect(where(await store.getEventsByType("TypeA", "Ended"))).toEqual(["a3"]);
    expect(where(await store.getEventsByType("TypeA", "Done", at(5), at(5)))).toEqual(["a1", "a2", "b1"]);
    expect(where(await store.getEventsByUser("user-a"))).toEqual(["c1", "a1", "a2", "b1", "a3"]);
    expect(where(await store.getEventsByUser("user-a", at(3), at(9)))).toEqual(["a1", "a2", "b1", "a3"]);
    expect(await store.getEventsByUser("user-a", at(9), at(3))).toEqual([]);
    expect((await store.getEventsByType("TypeA", "Ended"))[0]?.eventData).toEqual({ minute: 9 });
  });

  test("go on from any cursor", async () => {
    await history("TypeB", "user-b");
    const all = await collect(store.readEventsByType("TypeB", undefined));
    expect(where(all.map(({ event }) => event))).toEqual(["c1", "a1", "a2", "b1", "a3"]);
    for (const [index, { cursor }] of all.entries()) {
      const rest = await collect(store.readEventsByType("TypeB", undefined, { cursor }));
      expect(rest).toEqual(all.slice(index + 1));
    }
    await expect(collect(store.readEventsByType("TypeB", undefined, { cursor: "x" }))).rejects.toMatchObject({
      field: "cursor",
    });
    await expect(store.getEventsByType("TypeB", "Done", "yesterday")).rejects.toMatchObject({ field: "fromTime" });
  });

  test("read the index to its end", async () => {
    const user = newEntity("user");
    const entity = newEntity();
    for (let start = 0; start < 1_500; start += 100) {
      const events = Array.from({ length: 100 }, () => ({ eventType: "Done", eventData: {} }));
      await store.appendEvents({
        aggregateType: "Long",
        entityId: entity,
        events,
        userId: user,
        correlationId: "c",
        expectedVersion: start,
      });
    }
    expect(numbers(await store.getEventsByUser(user))).toEqual(range(1, 1_500));
  });
});

describe("schemas and upcasters", () => {
  const version1: EventTypes = { Priced: { version: "1.0", schema: z.strictObject({ price: z.number().positive() }) } };
  const version2: EventTypes = {
    Priced: {
      version: "1.2",
      schema: z.strictObject({ amount: z.number(), currency: z.string() }),
      upcasters: {
        "1.0": { to: "1.1", upcast: ({ price }) => ({ amount: price ?? 0 }) },
        "1.1": { to: "1.2", upcast: (data) => ({ ...data, currency: "USD" }) },
      },
    },
  };
  const price = (table: DynamoDBEventStore, entity: string, data: object, expected: number) =>
    table.appendEvent("Priced", entity, "Priced", data, "upcast-user", "c-1", expected);

  test("a payload that does not fit is refused with its path before anything is sent", async () => {
    const client = engine.connect();
    const meter = new Meter(client);
    const strict = openStore(engine, { eventTypes: version1 }, client);
    await expect(price(strict, newEntity(), { price: -1, more: true }, 0)).rejects.toMatchObject({
      code: "EVENT_SCHEMA",
      eventType: "Priced",
      issues: expect.arrayContaining([expect.objectContaining({ path: "eventData.price" })]),
    });
    expect(meter.take().requests).toBe(0);
  });

  test("older events are stepped up wherever they are read", async () => {
    const entity = newEntity();
    await price(openStore(engine, { eventTypes: version1 }), entity, { price: 5 }, 0);
    const now = openStore(engine, { eventTypes: version2 });
    await price(now, entity, { amount: 6, currency: "EUR" }, 1);
    const expected = [
      { amount: 5, currency: "USD" },
      { amount: 6, currency: "EUR" },
    ];
    const reads = [
      await now.getEvents(entity),
      (await collect(now.readEvents(entity, { direction: "backward" }))).reverse(),
      await now.getEventsByType("Priced", "Priced"),
      await now.getEventsByUser("upcast-user"),
    ];
    for (const events of reads) {
      expect(events.map(({ eventData }) => eventData)).toEqual(expected);
      expect(events.map(({ version }) => version)).toEqual(["1.2", "1.2"]);
    }
  });

  test("an event from the future is a clear error", async () => {
    const entity = newEntity();
    await price(openStore(engine, { eventTypes: version2 }), entity, { amount: 6, currency: "EUR" }, 0);
    await expect(openStore(engine, { eventTypes: version1 }).getEvents(entity)).rejects.toMatchObject({
      code: "UNKNOWN_EVENT_VERSION",
      version: "1.2",
      message: expect.stringContaining("this code reads 1.0"),
    });
  });
});

test("an unknown option is refused with its name and value", () => {
  expect(() => openStore(engine, { payloadEncoding: "xml" as never })).toThrow(
    'options.payloadEncoding: expected "map" or "json", got "xml"',
  );
  expect(() => openStore(engine, { retries: 3 } as never)).toThrow(/options.retries: expected one of .*, got 3/);
  expect(() => openStore(engine, { appendAttempts: 0 })).toThrow(
    "options.appendAttempts: expected an integer of at least 1, got 0",
  );
});
