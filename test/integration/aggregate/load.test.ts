import { DeleteItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Meter } from "../../../scripts/bench/meter.ts";
import { emptyAggregate, fold, load, loadAt, loadAtTime } from "../../../src/aggregate/index.ts";
import { DynamoDBEventStore } from "../../../src/event-store/dynamodb/index.ts";
import { createBareEventsTable, putEvents, storedEvent } from "../../support/bare-table.ts";
import { type CounterState, counter } from "../../support/counter.ts";
import { SNAPSHOTS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { newEntity, openStore } from "../../support/store.ts";

let engine: TestEngine;
let store: DynamoDBEventStore;
beforeAll(async () => {
  engine = await startTestEngine();
  store = openStore(engine);
});
afterAll(() => engine.stop());

async function append(entityId: string, count: number, from = 0): Promise<void> {
  for (let start = from; start < from + count; start += 100) {
    const size = Math.min(100, from + count - start);
    const events = Array.from({ length: size }, (_, n) => ({ eventType: "Added", eventData: { by: (start + n) % 7 } }));
    await store.appendEvents({
      aggregateType: "Counter",
      entityId,
      events,
      userId: "ann",
      correlationId: "c",
      expectedVersion: start,
    });
  }
}

/** The state by folding alone. */
async function folded(entityId: string, version?: number): Promise<CounterState> {
  const events = await openStore(engine).getEvents(entityId, 1, version);
  return fold(counter, emptyAggregate(entityId, counter.initialState), events).state;
}

const snapshot = (entityId: string, version: number, state: object, stateVersion = "1") =>
  store.createSnapshot("Counter", entityId, version, state, version, { stateVersion });

async function snapshotAt(entityId: string, version: number): Promise<void> {
  await snapshot(entityId, version, await folded(entityId, version));
}

test("a load costs the same at 1,000, 10,000 and 100,000 events when snapshots have kept up", async () => {
  const table = "Counter-Events";
  await createBareEventsTable(engine.client, table);
  const costs = [];
  for (const count of [1_000, 10_000, 100_000]) {
    const entityId = `counter-${count}`;
    const eventAt = (n: number) =>
      storedEvent({
        entityId,
        sequenceNumber: n + 1,
        aggregateType: "Counter",
        eventType: "Added",
        eventData: { by: 1 },
      });
    await putEvents(engine.client, table, count, eventAt, "map");
    const client = engine.connect();
    const long = new DynamoDBEventStore(client, table, SNAPSHOTS);
    await snapshot(entityId, count - 50, { count: count - 50, sum: 0 });
    const meter = new Meter(client);
    const loaded = await load(long, counter, entityId);
    expect(loaded).toMatchObject({ version: count, state: { count } });
    costs.push(meter.take());
  }
  const [first, ...others] = costs;
  expect(first).toMatchObject({ requests: 2, operations: ["Query", "Query"] });
  for (const other of others) {
    expect(other.requests).toBe(first!.requests);
    expect(Math.abs(other.read - first!.read)).toBeLessThanOrEqual(first!.read * 0.1);
  }
}, 240_000);

describe("a snapshot is never the truth", () => {
  test.each([0, 1, 99, 100, 101, 250])("with %d events and no snapshot the state is the fold", async (count) => {
    const entity = newEntity();
    await append(entity, count);
    expect(await load(store, counter, entity)).toMatchObject({ version: count, state: await folded(entity) });
  });

  test("one of another state version, from the future, of another aggregate or corrupted is passed over", async () => {
    const entity = newEntity();
    await append(entity, 250);
    await snapshotAt(entity, 120);
    const wrong = { count: -1, sum: -1 };
    await snapshot(entity, 240, wrong, "0");
    await snapshot(entity, 900, wrong);
    await store.createSnapshot("Other", entity, 200, wrong, 200, { stateVersion: "1" });
    await snapshot(entity, 130, wrong);
    const corrupt = (version: number, name: string, value: string) =>
      engine.client.send(
        new UpdateItemCommand({
          TableName: SNAPSHOTS,
          Key: { entityId: { S: entity }, version: { N: String(version) } },
          UpdateExpression: "SET #name = :value",
          ExpressionAttributeNames: { "#name": name },
          ExpressionAttributeValues: { ":value": { S: value } },
        }),
      );
    await corrupt(130, "snapshotData", '{"count":1,"sum":1}');
    const right = { version: 250, state: await folded(entity) };
    for (const consistent of [true, false])
      expect(await load(openStore(engine), counter, entity, { consistent })).toMatchObject(right);
    await corrupt(120, "snapshotData", "{broken");
    expect(await load(openStore(engine), counter, entity)).toMatchObject(right);
    for (const version of [120, 130, 200, 240, 900]) {
      const Key = { entityId: { S: entity }, version: { N: String(version) } };
      await engine.client.send(new DeleteItemCommand({ TableName: SNAPSHOTS, Key }));
      expect(await load(openStore(engine), counter, entity)).toMatchObject(right);
    }
  });

  test("one that does not fit the state's schema is ignored", async () => {
    const entity = newEntity();
    await append(entity, 150);
    await snapshot(entity, 140, { nonsense: true });
    const strict = {
      ...counter,
      stateSchema: {
        "~standard": {
          version: 1,
          vendor: "t",
          validate: (value: unknown) =>
            typeof (value as CounterState).count === "number" ? { value } : { issues: [{ message: "no" }] },
        },
      },
    } as const;
    expect(await load(store, strict, entity)).toMatchObject({ version: 150, state: await folded(entity) });
  });
});

test("for every n, loadAt(n) is the fold of 1..n, with snapshots at random places", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 320 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 320 }), { maxLength: 5 }),
      fc.array(fc.integer({ min: 0, max: 330 }), { minLength: 6, maxLength: 6 }),
      async (count, places, versions) => {
        const entity = newEntity();
        await append(entity, count);
        for (const place of places.filter((version) => version <= count)) await snapshotAt(entity, place);
        for (const version of [...versions, count, 1]) {
          const wanted = Math.min(version, count);
          const loaded = await loadAt(store, counter, entity, version);
          expect(loaded).toMatchObject({ version: wanted, state: await folded(entity, wanted) });
        }
      },
    ),
    { numRuns: 25 },
  );
});

test("for every n of one entity, loadAt(n) is the fold of 1..n", async () => {
  const entity = newEntity();
  await append(entity, 230);
  for (const place of [40, 100, 101, 205]) await snapshotAt(entity, place);
  const events = await store.getEvents(entity);
  for (let n = 0; n <= 230; n += 1) {
    const expected = fold(counter, emptyAggregate(entity, counter.initialState), events.slice(0, n));
    expect(await loadAt(store, counter, entity, n)).toMatchObject({ version: n, state: expected.state });
  }
});

test("the state at a past time is that of the last event up to it", async () => {
  const entity = newEntity();
  const at = (minute: number) => `2026-02-01T10:${String(minute).padStart(2, "0")}:00.000Z`;
  for (let n = 0; n < 9; n += 1) {
    const writer = openStore(engine, { clock: () => new Date(at(n * 2)) });
    await writer.appendEvent("Counter", entity, "Added", { by: n }, "ann", "c", n);
  }
  const versionAt = async (time: string) => (await loadAtTime(store, counter, entity, time)).version;
  expect(await Promise.all([at(0), at(1), at(2), at(15), at(16), at(59)].map(versionAt))).toEqual([1, 1, 2, 8, 9, 9]);
  expect(await versionAt("2026-02-01T09:59:59.999Z")).toBe(0);
  await expect(versionAt("noon")).rejects.toMatchObject({ code: "INVALID_ARGUMENT", field: "time" });
});

test("behind an event of a clock that ran ahead, the state at a time is found all the same", async () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 1, 1, 12, minute));
  const ahead = new Date("2026-02-02T12:00:00.000Z");
  for (const [early, wrong, later] of [
    [1, 1, 3],
    [1, 7, 4],
    [20, 1, 20],
    [0, 3, 2],
  ]) {
    const entity = newEntity();
    const times = [
      ...Array.from({ length: early! }, () => at(0)),
      ...Array.from({ length: wrong! }, () => ahead),
      ...Array.from({ length: later! }, (_, n) => at(3 + n)),
    ];
    for (const [n, time] of times.entries())
      await openStore(engine, { clock: () => time }).appendEvent("Counter", entity, "Added", { by: 1 }, "ann", "c", n);
    const stored = (await store.getEvents(entity)).map(({ eventTime }) => Date.parse(eventTime));
    for (const minute of [-1, 0, 1, 3, 3.5, 4, 5.5, 10, 40]) {
      const time = at(0).getTime() + minute * 60_000;
      const { version } = await loadAtTime(store, counter, entity, new Date(time).toISOString());
      expect({ early, wrong, later, minute, version }).toMatchObject({
        version: stored.findLastIndex((one) => one <= time) + 1,
      });
    }
  }
});

test.each([5, "text", [1, 2], null, true])("a stored snapshot whose state is %j is passed over", async (state) => {
  const entity = newEntity();
  await append(entity, 12);
  const item = {
    entityId: { S: entity },
    version: { N: "10" },
    aggregateType: { S: "Counter" },
    snapshotData: { S: JSON.stringify(state) },
    snapshotTime: { S: "2026-01-01T00:00:00.000Z" },
    eventSequenceNumber: { N: "10" },
    stateVersion: { S: "1" },
  };
  await engine.client.send(new PutItemCommand({ TableName: SNAPSHOTS, Item: item }));
  const expected = { version: 12, state: await folded(entity) };
  expect(await load(store, counter, entity)).toMatchObject(expected);
  expect(await load(store, counter, entity, { tail: 1 })).toMatchObject(expected);
  expect(await loadAt(store, counter, entity, 11)).toMatchObject({ version: 11, state: await folded(entity, 11) });
});

test("snapshots are asked for, and expired, by arguments that can be", async () => {
  const from = (query: object) => store.readSnapshots("e", query as { limit: number }).next();
  for (const query of [{ atMost: Number.NaN }, { atMost: "5" }, { atMost: -1 }]) {
    await expect(from(query)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", field: "query.atMost" });
  }
  for (const query of [{ limit: 0 }, { limit: Number.NaN }])
    await expect(from(query)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", field: "query.limit" });
  const expire = (entity: unknown, version: unknown, at: unknown) =>
    store.expireSnapshot(entity as string, version as number, at as Date);
  const now = new Date();
  await expect(expire("", 1, now)).rejects.toMatchObject({ field: "entityId" });
  await expect(expire("e", "x", now)).rejects.toMatchObject({ field: "version" });
  await expect(expire("e", 1, new Date("never"))).rejects.toMatchObject({ field: "expiresAt" });
  await expect(expire("e", 1, 5)).rejects.toMatchObject({ field: "expiresAt" });
  await expect(loadAtTime(store, counter, "e", undefined as never)).rejects.toMatchObject({ field: "time" });
});

test("a load that is behind what this process wrote is repeated strongly", async () => {
  const entity = newEntity();
  await append(entity, 5);
  const client = engine.connect();
  const reader = openStore(engine, {}, client);
  await reader.appendEvent("Counter", entity, "Added", { by: 1 }, "ann", "c");
  let isStale = true;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const output = result.output as { Items?: { sequenceNumber?: object }[] };
      const isTail = context.commandName === "QueryCommand" && output.Items?.[0]?.sequenceNumber;
      if (isTail && isStale && !(args.input as { ConsistentRead?: boolean }).ConsistentRead)
        output.Items = output.Items?.slice(1) ?? [];
      return result;
    },
    { step: "initialize" },
  );
  expect(await load(reader, counter, entity, { consistent: false })).toMatchObject({ version: 6 });
  isStale = false;
});
