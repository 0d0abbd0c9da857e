import { GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { DynamoDBEventStore } from "../../../src/event-store/dynamodb/index.ts";
import {
  type Bus,
  type CatchUpContext,
  createPublisher,
  type Envelope,
  listUnpublished,
  markPublished,
  type PublisherOptions,
  publishMissing,
} from "../../../src/publisher/index.ts";
import { listParked } from "../../../src/stream/index.ts";
import { documents, READ_MODELS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { fill, openStore } from "../../support/store.ts";

const LARGE = { text: "x".repeat(20_000) };

let engine: TestEngine;
let store: DynamoDBEventStore;
let context: CatchUpContext;
beforeAll(async () => {
  engine = await startTestEngine();
  store = openStore(engine);
  context = { store, table: { client: documents(engine.client), name: READ_MODELS } };
  await fill(store, "short", 3);
  await fill(store, "refused", 2);
  await fill(store, "long", 120, LARGE);
});
afterAll(() => engine.stop());

const sent = new Map<string, number[]>();
let refuses: string | undefined;
beforeEach(() => {
  sent.clear();
  refuses = undefined;
});

const bus: Bus = {
  put: async (entries) =>
    entries.map(({ detail }) => {
      const { entityId, sequenceNumber } = JSON.parse(detail) as Envelope;
      if (entityId === refuses) return { code: "InvalidArgument", message: "refused" };
      sent.set(entityId, [...(sent.get(entityId) ?? []), sequenceNumber]);
      return undefined;
    }),
};
const publisher = (parkAfter = 2, more: Partial<PublisherOptions> = {}) =>
  createPublisher({
    ...context,
    store,
    bus,
    eventTypes: {},
    source: "shop",
    parkAfter,
    attempts: 1,
    backOff: async () => undefined,
    clock: () => new Date(),
    ...more,
  });

async function unpublished(): Promise<string[]> {
  const all: string[] = [];
  for await (const { entityId, published, head } of listUnpublished(context))
    all.push(`${entityId} ${published} of ${head}`);
  return all.sort();
}

const range = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

test("what is not on the bus is listed and published, an entity's in order across pages of the table", async () => {
  expect(await unpublished()).toEqual(["long 0 of 120", "refused 0 of 2", "short 0 of 3"]);
  await publisher().publish([{ entityId: "short", upTo: 2, events: [] }]);
  expect(await unpublished()).toEqual(["long 0 of 120", "refused 0 of 2", "short 2 of 3"]);
  refuses = "refused";
  expect(await publishMissing(context, publisher())).toEqual({ published: 121, failed: 1 });
  expect(sent.get("long")).toEqual(range(120));
  expect(sent.get("short")).toEqual(range(3));
  expect(await unpublished()).toEqual(["refused 0 of 2"]);
});

test("what the bus goes on refusing is parked, and then waits for a decision and not for a run", async () => {
  refuses = "refused";
  expect(await publishMissing(context, publisher())).toEqual({ published: 0, failed: 0 });
  expect(await unpublished()).toEqual([]);
  refuses = undefined;
  expect(await publishMissing(context, publisher())).toEqual({ published: 0, failed: 0 });
  await publisher().retry("refused");
  expect(sent.get("refused")).toEqual([1, 2]);
});

test("a history that nobody is to get is marked, and only what comes after it goes out", async () => {
  await fill(store, "old", 4);
  expect(await markPublished(context)).toBe(1);
  expect(await unpublished()).toEqual([]);
  await store.appendEvent("Thing", "old", "ThingDone", {}, "ann", "c-1", 4);
  expect(await publishMissing(context, publisher())).toEqual({ published: 1, failed: 0 });
  expect([...sent]).toEqual([["old", [5]]]);
});

test.each([false, true])("an entity that is not parked is neither retried nor skipped (%s)", async (skip) => {
  const retry = publisher().retry("short", skip);
  await expect(retry).rejects.toMatchObject({ code: "NOT_PARKED", message: "short is not parked in the publisher" });
  expect(await unpublished()).toEqual([]);
});

test("a retry that was cut off is still listed, and the next one goes on", async () => {
  refuses = "cut";
  await fill(store, "cut", 1);
  await publishMissing(context, publisher(1));
  const key = { pk: "publisher#cut", sk: "progress" };
  const { Item } = await context.table.client.send(new GetCommand({ TableName: READ_MODELS, Key: key }));
  const unparked = { ...Item, progress: { ...Item?.progress, parked: false } };
  await context.table.client.send(new PutCommand({ TableName: READ_MODELS, Item: unparked }));
  const parked = async () => {
    const all: string[] = [];
    for await (const { entityId } of listParked(context.table, "publisher")) all.push(entityId);
    return all;
  };
  expect(await parked()).toEqual(["cut"]);
  expect(await publisher().retry("cut")).toMatchObject({ published: 0, failures: [{ entityId: "cut" }] });
  expect(await parked()).toEqual(["cut"]);
  refuses = undefined;
  expect(await publisher().retry("cut")).toMatchObject({ published: 1, failures: [] });
  expect(await parked()).toEqual([]);
  await expect(publisher().retry("cut")).rejects.toMatchObject({ code: "NOT_PARKED" });
});

test("a long history on a slow bus, cut off again and again, is read no more than twice", async () => {
  await fill(store, "slow", 1_500);
  const reads = new Map<string, number>();
  const client = engine.connect();
  client.middlewareStack.add((next) => async (args) => {
    const result = await next(args);
    const { Items = [] } = result.output as { Items?: { sequenceNumber?: { N: string } }[] };
    for (const { sequenceNumber } of Items)
      if (sequenceNumber) reads.set(sequenceNumber.N, (reads.get(sequenceNumber.N) ?? 0) + 1);
    return result;
  });
  let rounds = 0;
  for (let isDone = false; !isDone; rounds += 1) {
    let entries = 0;
    const counting: Bus = {
      put: (given) => {
        entries += given.length;
        return bus.put(given);
      },
    };
    const cut = publisher(2, { store: openStore(engine, {}, client), bus: counting });
    const { failures } = await cut.publish([{ entityId: "slow", upTo: 1_500, events: [] }], () => entries >= 130);
    isDone = failures.length === 0;
  }
  expect(rounds).toBeGreaterThan(5);
  expect(reads.size).toBe(1_500);
  expect(Math.max(...reads.values())).toBeLessThanOrEqual(2);
  expect(sent.get("slow")).toEqual(Array.from({ length: 1_500 }, (_, n) => n + 1));
}, 60_000);
