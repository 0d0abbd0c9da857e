import { DeleteItemCommand, type DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { DynamoDBEventStore } from "../../../src/event-store/dynamodb/index.ts";
import type { StoredEvent } from "../../../src/event-store/index.ts";
import { createTables } from "../../../src/local/tables.ts";
import { copyEvents } from "../../../src/operations/index.ts";
import { EVENTS, eventsTable, SNAPSHOTS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { fill, openStore } from "../../support/store.ts";

const ENTITIES = ["a", "b", "c", "d", "e"];
const EACH = 30;

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
  const names = ["Plain-Events", "Sharded-Events", "Torn-Events", "Foreign-Events", "Late-Events"];
  await createTables(
    engine.client,
    names.map((name) => eventsTable(name, name === "Sharded-Events" ? 4 : 1)),
  );
  const store = openStore(engine);
  await store.appendEvent("Thing", "legacy", "ThingDone", { text: "x" }, "ann", "c-1", 0);
  for (const entityId of ENTITIES) await fill(store, entityId, EACH);
});
afterAll(() => engine.stop());

/** A scan answers seven items a page, so that entities lie across pages. */
function withSmallPages(client: DynamoDBClient): DynamoDBClient {
  client.middlewareStack.add(
    (next, context) => (args) =>
      next(context.commandName === "ScanCommand" ? { ...args, input: { ...args.input, Limit: 7 } as never } : args),
    { step: "initialize" },
  );
  return client;
}

const copy = (to: string, indexShards = 1, client = engine.client) =>
  copyEvents({
    from: { client: withSmallPages(engine.connect()), table: EVENTS },
    to: { client, table: to, indexShards },
  });

const open = (table: string, indexShards = 1) =>
  new DynamoDBEventStore(engine.client, table, SNAPSHOTS, { indexShards });

async function everything(store: DynamoDBEventStore): Promise<StoredEvent[][]> {
  return Promise.all([
    ...ENTITIES.map((entityId) => store.getEvents(entityId)),
    store.getEventsByType("Thing", "ThingDone"),
    store.getEventsByUser("ann"),
  ]);
}

test("every item comes out as it went in, and a second run finds all of it there", async () => {
  const total = ENTITIES.length * EACH + 1;
  expect(await copy("Plain-Events")).toEqual({ copied: total, present: 0 });
  expect(await copy("Plain-Events")).toEqual({ copied: 0, present: total });
  const items = async (TableName: string) => {
    const { Items = [] } = await engine.client.send(new ScanCommand({ TableName }));
    return Items.map((item) => JSON.stringify(Object.entries(item).sort())).sort();
  };
  expect(await items("Plain-Events")).toEqual(await items(EVENTS));
});

test("a table with other indexes answers the same", async () => {
  await copy("Sharded-Events", 4);
  expect(await everything(open("Sharded-Events", 4))).toEqual(await everything(openStore(engine)));
});

test("a copy that is torn leaves no hole, and the next one finishes it", async () => {
  let puts = 0;
  const failing = engine.connect();
  failing.middlewareStack.add(
    (next) => (args) => {
      puts += 1;
      if (puts > 60) throw new Error("the process was killed");
      return next(args);
    },
    { step: "initialize" },
  );
  await expect(copy("Torn-Events", 1, failing)).rejects.toThrow("killed");
  const torn = open("Torn-Events");
  for (const entityId of ENTITIES) {
    const numbers = (await torn.getEvents(entityId)).map(({ sequenceNumber }) => sequenceNumber);
    expect(numbers).toEqual(Array.from(numbers, (_, n) => n + 1));
  }
  const { copied, present } = await copy("Torn-Events");
  expect(copied + present).toBe(ENTITIES.length * EACH + 1);
  expect(copied).toBeGreaterThan(0);
  expect(present).toBeGreaterThan(0);
  expect(await everything(open("Torn-Events"))).toEqual(await everything(openStore(engine)));
});

test("events that were removed are put back from a copy, the others stay", async () => {
  for (const n of [3, 4, 30]) {
    const Key = { entityId: { S: "b" }, sequenceNumber: { N: String(n) } };
    await engine.client.send(new DeleteItemCommand({ TableName: "Plain-Events", Key }));
  }
  expect(await copy("Plain-Events")).toMatchObject({ copied: 3 });
  expect(await everything(open("Plain-Events"))).toEqual(await everything(openStore(engine)));
});

test("an entity with another history is left alone and named, all others are copied", async () => {
  await open("Foreign-Events").appendEvent("Thing", "c", "ThingDone", {}, "eve", "c-9", 0);
  await expect(copy("Foreign-Events")).rejects.toMatchObject({
    code: "COPY_CONFLICT",
    message: "Foreign-Events has another event as c #1",
    conflicts: [{ entityId: "c", sequenceNumber: 1 }],
    soFar: { copied: (ENTITIES.length - 1) * EACH + 1, present: 0 },
  });
  const foreign = open("Foreign-Events");
  expect(await foreign.getEvents("c")).toHaveLength(1);
  expect(await foreign.getEvents("d")).toEqual(await openStore(engine).getEvents("d"));
});

test("a copy without shards into a table that has them, or the other way, is refused before anything is put", async () => {
  await expect(copy("Sharded-Events", 1)).rejects.toMatchObject({
    field: "to.indexShards",
    expected: "more than 1, for Sharded-Events has sharded indexes",
  });
  await expect(copy("Plain-Events", 4)).rejects.toMatchObject({ field: "to.indexShards", value: 4 });
});

test.each([
  ["segments", { segments: 0 }],
  ["entitiesAtOnce", { entitiesAtOnce: 0.5 }],
])("%s is checked", async (field, more) => {
  const [from, to] = [EVENTS, "Plain-Events"].map((table) => ({ client: engine.client, table })) as [never, never];
  await expect(copyEvents({ from, to, ...more })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", field });
});

test("after an error nothing is under way behind the caller's back, and little was begun", async () => {
  let begun = 0;
  let ended = 0;
  const failing = engine.connect();
  failing.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName !== "PutItemCommand") return next(args);
      begun += 1;
      try {
        if (begun > 20) throw new Error("refused");
        return await next(args);
      } finally {
        ended += 1;
      }
    },
    { step: "initialize" },
  );
  await expect(copy("Late-Events", 1, failing)).rejects.toThrow("refused");
  expect(ended).toBe(begun);
  expect(begun).toBeLessThan(ENTITIES.length * EACH);
});
