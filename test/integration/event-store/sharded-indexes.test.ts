import { type DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Meter } from "../../../scripts/bench/meter.ts";
import { DynamoDBEventStore } from "../../../src/event-store/dynamodb/index.ts";
import type { IndexReadOptions } from "../../../src/event-store/index.ts";
import { createTables } from "../../../src/local/tables.ts";
import { EVENTS, eventsTable, SNAPSHOTS, startTestEngine, type TestEngine } from "../../support/engine.ts";

const SHARDED = "Sharded-Events";
const SHARDS = 8;

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
  await createTables(engine.client, [eventsTable(SHARDED, SHARDS)]);
});
afterAll(() => engine.stop());

/** Index queries answer three entries a page. */
function withSmallPages(client: DynamoDBClient): DynamoDBClient {
  client.middlewareStack.add(
    (next, context) => (args) => {
      const isIndexQuery = context.commandName === "QueryCommand" && "IndexName" in args.input;
      return next(isIndexQuery ? { ...args, input: { ...args.input, Limit: 3 } as typeof args.input } : args);
    },
    { step: "initialize" },
  );
  return client;
}

/** The same clock and the same ids each time: two stores that are told the same store the same. */
function open(table: string, indexShards: number, client = withSmallPages(engine.connect())): DynamoDBEventStore {
  let ids = 0;
  let now = Date.UTC(2026, 4, 1);
  return new DynamoDBEventStore(client, table, SNAPSHOTS, {
    indexShards,
    newId: () => `id-${++ids}`,
    clock: () => new Date(++now % 3 === 0 ? ++now : now),
  });
}

async function tell(store: DynamoDBEventStore): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    for (let n = 0; n < 12; n += 1) {
      const eventType = n % 3 === 0 ? "Ended" : "Done";
      await store.appendEvent("Thing", `thing-${n}`, eventType, { round }, n % 2 ? "ann" : "bob", "c-1", round);
    }
  }
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

const at = (millisecond: number) => new Date(Date.UTC(2026, 4, 1) + millisecond).toISOString();

describe("an aggregate type and a user spread over shards", () => {
  let plain: DynamoDBEventStore;
  let sharded: DynamoDBEventStore;
  beforeAll(async () => {
    plain = open(EVENTS, 1);
    sharded = open(SHARDED, SHARDS);
    await Promise.all([tell(plain), tell(sharded)]);
  });

  test("every read answers what it answers without shards, in the same order, under the same cursors", async () => {
    const spans: IndexReadOptions[] = [
      {},
      { fromTime: at(20) },
      { toTime: at(40) },
      { fromTime: at(10), toTime: at(30) },
    ];
    for (const span of spans) {
      const byType = await collect(plain.readEventsByType("Thing", undefined, span));
      expect(byType.length).toBeGreaterThan(5);
      expect(await collect(sharded.readEventsByType("Thing", undefined, span))).toEqual(byType);
      for (const read of ["Done", "Ended"] as const)
        expect(await collect(sharded.readEventsByType("Thing", read, span))).toEqual(
          await collect(plain.readEventsByType("Thing", read, span)),
        );
      expect(await collect(sharded.readKeysByType("Thing", span))).toEqual(
        await collect(plain.readKeysByType("Thing", span)),
      );
      for (const user of ["ann", "bob", "nobody"])
        expect(await collect(sharded.readEventsByUser(user, span))).toEqual(
          await collect(plain.readEventsByUser(user, span)),
        );
    }
  });

  test("a limit ends a read early, and its cursor goes on", async () => {
    const all = await collect(plain.readKeysByType("Thing"));
    for (const store of [plain, sharded]) {
      for (const limit of [1, 2, 5, 47, 48, 100]) {
        const first = await collect(store.readKeysByType("Thing", { limit }));
        expect(first).toEqual(all.slice(0, limit));
        const rest = await collect(store.readKeysByType("Thing", { cursor: first.at(-1)?.cursor }));
        expect(rest).toEqual(all.slice(limit));
      }
      const ended = await collect(store.readEventsByType("Thing", "Ended", { limit: 3 }));
      expect(ended).toEqual((await collect(plain.readEventsByType("Thing", "Ended"))).slice(0, 3));
    }
    await expect(collect(plain.readKeysByType("Thing", { limit: 0 }))).rejects.toMatchObject({ field: "limit" });
  });

  test("a read backward is the same read turned round, under limits, spans and cursors", async () => {
    const direction = "backward";
    for (const store of [plain, sharded]) {
      for (const span of [{}, { fromTime: at(10), toTime: at(30) }]) {
        const all = (await collect(plain.readKeysByType("Thing", span))).reverse();
        expect(await collect(store.readKeysByType("Thing", { ...span, direction }))).toEqual(all);
        for (const limit of [1, 7]) {
          const first = await collect(store.readKeysByType("Thing", { ...span, direction, limit }));
          expect(first).toEqual(all.slice(0, limit));
          const { cursor } = first.at(-1) ?? {};
          expect(await collect(store.readKeysByType("Thing", { ...span, direction, cursor }))).toEqual(
            all.slice(limit),
          );
        }
      }
      const byUser = (await collect(plain.readEventsByUser("ann"))).reverse();
      expect(await collect(store.readEventsByUser("ann", { direction }))).toEqual(byUser);
    }
    const wrong = plain.readKeysByType("Thing", { direction: "up" as never });
    await expect(collect(wrong)).rejects.toMatchObject({ field: "direction" });
  });

  test("a cursor of one store goes on in the other", async () => {
    const all = await collect(plain.readEventsByType("Thing", undefined));
    expect(all).toHaveLength(48);
    for (const [index, { cursor }] of all.entries()) {
      expect(await collect(sharded.readEventsByType("Thing", undefined, { cursor }))).toEqual(all.slice(index + 1));
    }
  });

  test("no index partition takes more than its share", async () => {
    const counts = await Promise.all(
      Array.from({ length: SHARDS }, async (_, shard) => {
        const answer = await engine.client.send(
          new QueryCommand({
            TableName: SHARDED,
            IndexName: "EventTypeIndex",
            KeyConditionExpression: "aggregateTypeShard = :shard",
            ExpressionAttributeValues: { ":shard": { S: `Thing#${shard}` } },
            Select: "COUNT",
          }),
        );
        return answer.Count ?? 0;
      }),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(48);
    expect(Math.max(...counts)).toBeLessThan(24);
  });

  test("the number of shards may grow: what was stored before is read with what comes after", async () => {
    const grown = open(SHARDED, 2 * SHARDS);
    expect(await collect(grown.readEventsByType("Thing", undefined))).toEqual(
      await collect(sharded.readEventsByType("Thing", undefined)),
    );
  });

  test("an append costs what it cost, a read one query a shard and page", async () => {
    const client = engine.connect();
    const meter = new Meter(client);
    const store = open(SHARDED, SHARDS, client);
    await store.appendEvent("Priced", "priced-1", "Done", {}, "ann", "c-1", 0);
    expect(meter.take()).toMatchObject({ requests: 1, write: 3 });
    await store.getEventsByType("Priced", "Done");
    expect(meter.take().operations.sort()).toEqual(["BatchGetItem", ...Array(SHARDS).fill("Query")]);
  });
});

test.each([0, 101, 1.5])("indexShards %d is refused", (indexShards) => {
  expect(() => open(EVENTS, indexShards, engine.client)).toThrow(
    "options.indexShards: expected an integer from 1 to 100",
  );
});

test("the longest user id fits into the index beside its shard, and a longer one is refused by name", async () => {
  const store = open(SHARDED, SHARDS);
  const longest = "u".repeat(1_000);
  expect(await store.appendEvent("Thing", "long", "Done", {}, longest, "c-1", 0)).toBe(1);
  expect(await store.getEventsByUser(longest)).toHaveLength(1);
  await expect(store.appendEvent("Thing", "long", "Done", {}, `${longest}u`, "c-1", 1)).rejects.toMatchObject({
    field: "userId",
    expected: "well-formed text of 1 to 1000 bytes",
  });
});
