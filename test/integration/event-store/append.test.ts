import { DeleteItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Meter } from "../../../scripts/bench/meter.ts";
import type { DynamoDBEventStore } from "../../../src/event-store/dynamodb/index.ts";
import { appendOne, sequenceOf, several } from "../../support/appending.ts";
import { EVENTS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { newEntity, openStore } from "../../support/store.ts";

let engine: TestEngine;
let store: DynamoDBEventStore;
beforeAll(async () => {
  engine = await startTestEngine();
  store = openStore(engine);
});
afterAll(() => engine.stop());

describe("an append at an expected version", () => {
  test("0 begins an entity, n goes on at n + 1", async () => {
    const entity = newEntity();
    expect(await appendOne(store, entity, 0)).toBe(1);
    expect(await appendOne(store, entity, 1)).toBe(2);
    expect(await sequenceOf(engine, entity)).toEqual([1, 2]);
  });

  test("behind the head is a conflict that says where the entity is", async () => {
    const entity = newEntity();
    for (const version of [0, 1, 2]) await appendOne(store, entity, version);
    const expected = { code: "CONCURRENCY", entityId: entity, expectedVersion: 1, actualVersion: 3 };
    await expect(appendOne(store, entity, 1)).rejects.toMatchObject(expected);
    await expect(appendOne(openStore(engine), entity, 1)).rejects.toMatchObject(expected);
    expect(await sequenceOf(engine, entity)).toEqual([1, 2, 3]);
  });

  test("past the head is a conflict and leaves no hole", async () => {
    const entity = newEntity();
    await appendOne(store, entity, 0);
    await expect(appendOne(store, entity, 5)).rejects.toMatchObject({
      code: "CONCURRENCY",
      expectedVersion: 5,
      actualVersion: 1,
    });
    await expect(appendOne(openStore(engine), entity, 2)).rejects.toMatchObject({
      code: "CONCURRENCY",
      actualVersion: 1,
    });
    await expect(appendOne(store, newEntity(), 1)).rejects.toMatchObject({ code: "CONCURRENCY", actualVersion: 0 });
    expect(await sequenceOf(engine, entity)).toEqual([1]);
  });

  test.each([-1, 1.5, Number.NaN, "3", null])("%p is refused by name", async (version) => {
    await expect(appendOne(store, newEntity(), version as number)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      field: "expectedVersion",
      message: expect.stringContaining("a non-negative integer"),
    });
  });

  test("the same entity under another aggregate type is refused", async () => {
    const entity = newEntity();
    await appendOne(store, entity, 0);
    for (const other of [store, openStore(engine)]) {
      await expect(other.appendEvent("Other", entity, "OtherDone", {}, "ann", "c-1", 1)).rejects.toMatchObject({
        code: "AGGREGATE_TYPE",
        expected: "Other",
        actual: "Thing",
      });
    }
    await expect(openStore(engine).appendEvent("Other", entity, "OtherDone", {}, "ann", "c-1")).rejects.toMatchObject({
      code: "AGGREGATE_TYPE",
    });
  });
});

describe("what the caller makes of a request afterwards changes nothing", () => {
  const request = (entityId: string) => ({
    aggregateType: "Thing",
    entityId,
    events: [{ eventType: "ThingDone", eventData: { n: 1 } }],
    userId: "ann",
    correlationId: "c-1",
    expectedVersion: 0,
  });
  const spoil = (sent: ReturnType<typeof request>) => {
    Object.assign(sent, { expectedVersion: 7, entityId: "other", userId: "bob" });
    Object.assign(sent.events[0] ?? {}, { eventType: "Other" });
  };

  test("one entity", async () => {
    const sent = request(newEntity());
    const { entityId } = sent;
    await appendOne(openStore(engine), entityId, 0);
    const answer = store.appendEvents(sent);
    spoil(sent);
    await expect(answer).rejects.toMatchObject({ code: "CONCURRENCY", entityId, expectedVersion: 0, actualVersion: 1 });
  });

  test("several entities", async () => {
    const sent = [request(newEntity()), request(newEntity())];
    const ids = sent.map(({ entityId }) => entityId);
    const answer = store.appendToMany(sent);
    sent.forEach(spoil);
    expect((await answer).map(({ events: [event] }) => [event?.entityId, event?.userId, event?.eventType])).toEqual(
      ids.map((id) => [id, "ann", "ThingDone"]),
    );
  });
});

describe("requests and capacity units", () => {
  test("a version that the store knows costs one put and no read; an unknown one a read of that item besides", async () => {
    const client = engine.connect();
    const meter = new Meter(client);
    const metered = openStore(engine, {}, client);
    const entity = newEntity();
    await appendOne(metered, entity, 0);
    expect(meter.take()).toMatchObject({ requests: 1, operations: ["PutItem"], write: 3, read: 0 });
    await appendOne(metered, entity, 1);
    await appendOne(metered, entity, undefined);
    expect(meter.take()).toMatchObject({ requests: 2, operations: ["PutItem", "PutItem"], write: 6, read: 0 });
    const cold = engine.connect();
    const coldMeter = new Meter(cold);
    await appendOne(openStore(engine, {}, cold), entity, 3);
    expect(coldMeter.take()).toMatchObject({ operations: ["GetItem", "PutItem"], read: 1, write: 3 });
  });

  test("an item within 4,096 bytes costs at most 6 write units", async () => {
    const client = engine.connect();
    const meter = new Meter(client);
    await appendOne(openStore(engine, {}, client), newEntity(), 0, { text: "x".repeat(3_600) });
    expect(meter.take()).toMatchObject({ requests: 1, write: 6 });
  });

  test("what the store has loaded it knows", async () => {
    const entity = newEntity();
    await store.appendEvents(several(entity, 5, { expectedVersion: 0 }));
    const client = engine.connect();
    const loader = openStore(engine, {}, client);
    await loader.getEvents(entity);
    const meter = new Meter(client);
    await appendOne(loader, entity, 5);
    expect(meter.take().operations).toEqual(["PutItem"]);
  });
});

describe("several events", () => {
  test("are stored contiguously, all or none", async () => {
    const entity = newEntity();
    expect(await store.appendEvents(several(entity, 100, { expectedVersion: 0 }))).toMatchObject({ version: 100 });
    await expect(openStore(engine).appendEvents(several(entity, 3, { expectedVersion: 98 }))).rejects.toMatchObject({
      code: "CONCURRENCY",
    });
    expect(await sequenceOf(engine, entity)).toHaveLength(100);
  });

  test.each([0, 101])("%d at once are refused before anything is sent", async (count) => {
    const client = engine.connect();
    const meter = new Meter(client);
    await expect(openStore(engine, {}, client).appendEvents(several(newEntity(), count))).rejects.toMatchObject({
      field: "events",
    });
    expect(meter.take().requests).toBe(0);
  });

  test("over 4 MB are refused before anything is sent", async () => {
    const client = engine.connect();
    const meter = new Meter(client);
    const events = Array.from({ length: 12 }, () => ({
      eventType: "ThingDone",
      eventData: { text: "x".repeat(380_000) },
    }));
    const request = { ...several(newEntity(), 1), events, expectedVersion: 0 };
    await expect(openStore(engine, {}, client).appendEvents(request)).rejects.toMatchObject({
      code: "TOO_LARGE",
      limit: 4_194_304,
    });
    expect(meter.take().requests).toBe(0);
  });

  test("an item over 400 KB is refused with its size and what to do", async () => {
    await expect(appendOne(store, newEntity(), 0, { text: "x".repeat(410_000) })).rejects.toMatchObject({
      code: "TOO_LARGE",
      bytes: expect.any(Number),
      message: expect.stringContaining("keep the large part elsewhere"),
    });
  });

  test("of several entities are stored all or none, and the error names the one that conflicted", async () => {
    const [a, b] = [newEntity("a"), newEntity("b")];
    await appendOne(store, b, 0);
    const together = [several(a, 2, { expectedVersion: 0 }), several(b, 2, { expectedVersion: 1 })] as never;
    expect(await store.appendToMany(together)).toMatchObject([{ version: 2 }, { version: 3 }]);
    const stale = [several(a, 1, { expectedVersion: 2 }), several(b, 1, { expectedVersion: 1 })] as never;
    await expect(openStore(engine).appendToMany(stale)).rejects.toMatchObject({
      code: "CONCURRENCY",
      entityId: b,
      actualVersion: 3,
    });
    expect([await sequenceOf(engine, a), await sequenceOf(engine, b)]).toEqual([
      [1, 2],
      [1, 2, 3],
    ]);
    const twice = [several(a, 1, { expectedVersion: 2 }), several(a, 1, { expectedVersion: 2 })] as never;
    await expect(store.appendToMany(twice)).rejects.toMatchObject({ field: "entityId" });
    const many = [several(a, 60, { expectedVersion: 2 }), several(b, 60, { expectedVersion: 3 })] as never;
    await expect(store.appendToMany(many)).rejects.toMatchObject({
      message: expect.stringContaining("at most 100 events"),
    });
  });
});

describe("an append without an expected version", () => {
  test("goes to the head, whoever else writes", async () => {
    const entity = newEntity();
    const writers = Array.from({ length: 4 }, () => openStore(engine));
    await Promise.all(writers.flatMap((writer) => [1, 2, 3, 4, 5].map(() => appendOne(writer, entity, undefined))));
    expect(await sequenceOf(engine, entity)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  });

  test("says how often it tried when it loses every race", async () => {
    const entity = newEntity();
    const client = engine.connect();
    const rival = openStore(engine);
    client.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName === "PutItemCommand") await appendOne(rival, entity, undefined);
        return next(args);
      },
      { step: "initialize" },
    );
    await expect(appendOne(openStore(engine, { appendAttempts: 3 }, client), entity, undefined)).rejects.toMatchObject({
      code: "APPEND_RETRIES_EXHAUSTED",
      attempts: 3,
    });
    expect(await sequenceOf(engine, entity)).toEqual([1, 2, 3]);
  });

  test("event times do not go backwards when clocks differ by minutes, and are not frozen by one that is hours ahead", async () => {
    const entity = newEntity();
    const times = ["10:00:00", "09:56:00", "10:01:00", "23:00:00", "10:02:00", "10:03:00"].map(
      (time) => `2026-05-01T${time}.000Z`,
    );
    const warnings: string[] = [];
    for (const time of times) {
      const options = { clock: () => new Date(time), warn: (message: string) => void warnings.push(message) };
      await appendOne(openStore(engine, options), entity, undefined);
    }
    const [first, , ...others] = times;
    expect((await store.getEvents(entity)).map(({ eventTime }) => eventTime)).toEqual([first, first, ...others]);
    expect(warnings).toEqual([expect.stringContaining(`${entity}: the last event is 46680 s ahead of the clock`)]);
  });
});

test("16 writers with 1,000 appends on one entity store 1,000 events, none lost or doubled", async () => {
  const entity = newEntity();
  const writers = Array.from({ length: 16 }, () => openStore(engine, { appendAttempts: 1_000 }));
  let next = 0;
  await Promise.all(
    writers.map(async (writer, number) => {
      for (let n = next++; n < 1_000; n = next++) await appendOne(writer, entity, undefined, { id: `${number}/${n}` });
    }),
  );
  const events = await openStore(engine).getEvents(entity);
  expect(events.map(({ sequenceNumber }) => sequenceNumber)).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 1));
  expect(new Set(events.map(({ eventData }) => eventData.id)).size).toBe(1_000);
}, 120_000);

test("a hole is an error and not a shorter list", async () => {
  const entity = newEntity();
  await store.appendEvents(several(entity, 5, { expectedVersion: 0 }));
  const Key = { entityId: { S: entity }, sequenceNumber: { N: "3" } };
  await engine.client.send(new DeleteItemCommand({ TableName: EVENTS, Key }));
  const expected = { code: "CORRUPT_ENTITY", entityId: entity, expectedSequence: 3, foundSequence: 4 };
  await expect(openStore(engine).getEvents(entity)).rejects.toMatchObject(expected);
});

test.each(["eventId", "eventTime", "evntData", "userId", "version"])(
  "an event with a field %s is refused by name",
  async (field) => {
    const store = openStore(engine);
    const events = [
      { eventType: "Done", eventData: {} },
      { eventType: "Done", eventData: {}, [field]: "x" },
    ];
    const request = { aggregateType: "Thing", entityId: newEntity(), events, userId: "ann", correlationId: "c" };
    await expect(store.appendEvents(request)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      field: `events[1].${field}`,
    });
    expect(await store.getEvents(request.entityId)).toEqual([]);
  },
);
