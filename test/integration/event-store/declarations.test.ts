import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { handleCommand, load } from "../../../src/aggregate/index.ts";
import {
  type EventTypes,
  InvalidArgumentError,
  isConcurrencyError,
  UnknownEventVersionError,
  upcast,
} from "../../../src/event-store/index.ts";
import { storedEvent } from "../../support/bare-table.ts";
import { counter } from "../../support/counter.ts";
import { EVENTS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { injectFaults } from "../../support/faults.ts";
import { newEntity, openStore } from "../../support/store.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const command = { userId: "u", correlationId: "c", now: "2026-01-01T00:00:00Z" };
const step = (to: string, more: object = {}) => ({ to, upcast: (data: object) => ({ ...data, to }), ...more }) as never;

/** An item as another writer may have left it. */
async function put(entityId: string, eventData: object, more: object = {}): Promise<void> {
  const item = {
    entityId: { S: entityId },
    sequenceNumber: { N: "1" },
    eventId: { S: "e" },
    eventType: { S: "Imported" },
    eventTime: { S: "2020-01-01T00:00:00.000Z" },
    eventData,
    version: { S: "1.0" },
    userId: { S: "java" },
    correlationId: { S: "c" },
    aggregateType: { S: "Foreign" },
    ...more,
  };
  await engine.client.send(new PutItemCommand({ TableName: EVENTS, Item: item as never }));
}

describe("upcasters that lead nowhere are refused when they are declared", () => {
  test.each<[string, EventTypes]>([
    ["a gap", { A: { version: "3.0", upcasters: { "1.0": step("2.0") } } }],
    ["a circle", { A: { version: "3.0", upcasters: { "1.0": step("2.0"), "2.0": step("1.0") } } }],
    ["a wrong target", { A: { version: "2.0", upcasters: { "1.0": step("9.0") } } }],
    ["a step from the current version", { A: { version: "2.0", upcasters: { "2.0": step("2.0") } } }],
    ["a step to a type that is not declared", { A: { upcasters: { "1.0": step("1.0", { eventType: "B" }) } } }],
    [
      "a circle of renamings",
      {
        A: { upcasters: { "1.0": step("1.0", { eventType: "B" }) } },
        B: { upcasters: { "1.0": step("1.0", { eventType: "A" }) } },
      },
    ],
  ])("%s", (_, eventTypes) => {
    expect(() => openStore(engine, { eventTypes })).toThrow(InvalidArgumentError);
    expect(() => openStore(engine, { aggregates: [{ aggregateType: "T", eventTypes }] })).toThrow(
      /eventTypes\.[AB]\.upcasters/,
    );
  });
});

describe("event types belong to their aggregate", () => {
  const renamed = (version: string): EventTypes => ({
    Renamed: { version, upcasters: version === "1.0" ? {} : { "1.0": step(version) } },
  });
  const aggregates = [
    { aggregateType: "Book", eventTypes: renamed("2.0") },
    { aggregateType: "Member", eventTypes: renamed("1.0") },
  ];

  test("two aggregates may have one of the same name", async () => {
    const [book, member] = [newEntity("book"), newEntity("member")];
    const old = openStore(engine);
    await old.appendEvent("Book", book, "Renamed", { n: 1 }, "u", "c", 0);
    await old.appendEvent("Member", member, "Renamed", { n: 1 }, "u", "c", 0);
    const store = openStore(engine, { aggregates });
    expect(await store.getEvents(book)).toMatchObject([{ version: "2.0", eventData: { n: 1, to: "2.0" } }]);
    expect(await store.getEvents(member)).toMatchObject([{ version: "1.0", eventData: { n: 1 } }]);
    await store.appendEvent("Book", book, "Renamed", { n: 2 }, "u", "c", 1);
    expect((await openStore(engine).getEvents(book))[1]).toMatchObject({ version: "2.0" });
    await expect(store.appendEvent("Book", book, "Renmaed", {}, "u", "c")).rejects.toMatchObject({
      field: "eventType",
      value: "Renmaed",
    });
  });

  test("an event is read under the name that its type was renamed to, and found by it", async () => {
    const entity = newEntity("shop");
    const type = "Shop";
    await openStore(engine).appendEvent(type, entity, "Shop.PriceChanged, V1", { p: 1 }, "u", "c", 0);
    const eventTypes: EventTypes = {
      "Shop.PriceChanged, V1": {
        upcasters: { "1.0": { to: "2.0", eventType: "PriceUpdated", upcast: ({ p }) => ({ price: p ?? null }) } },
      },
      PriceUpdated: {
        version: "3.0",
        upcasters: { "2.0": { to: "3.0", upcast: (data) => ({ ...data, reason: null }) } },
      },
    };
    const store = openStore(engine, { aggregates: [{ aggregateType: type, eventTypes }] });
    const expected = { eventType: "PriceUpdated", version: "3.0", eventData: { price: 1, reason: null } };
    expect(await store.getEvents(entity)).toMatchObject([expected]);
    expect(await store.getEventsByType(type, "PriceUpdated")).toMatchObject([expected]);
  });

  test("a type that became another one by its version is found as that one alone, and the limit counts those found", async () => {
    const type = newEntity("Parcel");
    const entity = newEntity("parcel");
    const old = openStore(engine);
    await old.appendEvent(type, entity, "Moved", { n: 1 }, "u", "c", 0);
    const writing = { aggregateType: type, eventTypes: { Moved: { version: "2.0" } } };
    const newer = openStore(engine, { aggregates: [writing] });
    for (const n of [2, 3]) await newer.appendEvent(type, entity, "Moved", { n }, "u", "c", n - 1);
    const eventTypes: EventTypes = {
      Moved: {
        version: "3.0",
        upcasters: { "1.0": { to: "1.0", eventType: "Sent", upcast: (data) => data }, "2.0": step("3.0") },
      },
      Sent: {},
    };
    const store = openStore(engine, { aggregates: [{ aggregateType: type, eventTypes }] });
    const numbers = async (eventType: string, more: object = {}) => {
      const found: number[] = [];
      for await (const { event } of store.readEventsByType(type, eventType, more)) found.push(event.sequenceNumber);
      return found;
    };
    expect(await numbers("Sent")).toEqual([1]);
    expect(await numbers("Moved")).toEqual([2, 3]);
    expect(await numbers("Moved", { limit: 1 })).toEqual([2]);
    expect(await numbers("Moved", { limit: 2, direction: "backward" })).toEqual([3, 2]);
  });

  test("whoever reads with types by name alone, and a circle in them, is told so and does not turn for ever", async () => {
    const circle: EventTypes = {
      A: { upcasters: { "1.0": step("1.0", { eventType: "B" }) } },
      B: { upcasters: { "1.0": step("1.0", { eventType: "A" }) } },
    };
    const event = storedEvent({ entityId: newEntity(), sequenceNumber: 1, eventType: "A" });
    expect(() => upcast(circle, event)).toThrow(UnknownEventVersionError);
  });

  test("the declaration of an aggregate rules where the store has none, and a contradiction is refused", async () => {
    const aggregate = { ...counter, eventTypes: { Added: { version: "2.0", upcasters: { "1.0": step("2.0") } } } };
    const entity = newEntity("declared");
    const run = (store = openStore(engine)) =>
      handleCommand({ store }, aggregate, { ...command, entityId: entity, command: { type: "Add", data: { by: 1 } } });
    expect((await run()).events).toMatchObject([{ version: "2.0" }]);
    const other = openStore(engine, { eventTypes: { Added: { version: "5.0" } } });
    await expect(run(other)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", field: "eventTypes.Added of Counter" });
    await expect(load(other, aggregate, entity)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe("rows of other writers", () => {
  test.each([
    ['"x"', "x"],
    ["5", 5],
    ["[1]", [1]],
    ["null", null],
    ["true", true],
    ['{"a":1}', { a: 1 }],
  ])("a payload of %s as JSON text is read as it is, alone and by the index", async (text, value) => {
    const entity = newEntity("json");
    await put(entity, { S: text }, { aggregateType: { S: entity } });
    expect((await openStore(engine).getEvents(entity))[0]?.eventData).toEqual(value);
    expect((await openStore(engine).getEventsByType(entity, "Imported"))[0]?.eventData).toEqual(value);
  });

  test.each(["x", 5, [1], null, undefined])(
    "appending %j is refused by name, since the schema holds a map",
    async (value) => {
      const append = openStore(engine).appendEvent("Thing", newEntity(), "Done", value, "u", "c", 0);
      await expect(append).rejects.toMatchObject({
        code: expect.stringMatching(/UNSTORABLE_VALUE|INVALID_ARGUMENT/),
        message: expect.stringContaining("eventData"),
      });
    },
  );

  test.each([
    [
      "a number of nineteen digits",
      { M: { account: { M: { id: { N: "3804086584686624768" } } } } },
      /eventData\.account\.id is not a number .* exactly/,
    ],
    [
      "a decimal of 25 digits",
      { M: { rates: { L: [{ N: "1" }, { N: "0.1234567890123456789012345" }] } } },
      /eventData\.rates\[1\]/,
    ],
    ["binary", { M: { picture: { B: new Uint8Array([1]) } } }, /eventData\.picture is not .* binary/],
    ["a set of binary", { M: { all: { BS: [new Uint8Array([1])] } } }, /eventData\.all/],
    ["a set of numbers that are too long", { M: { all: { NS: ["9007199254740993"] } } }, /eventData\.all/],
  ])("%s is refused by its path", async (_, eventData, message) => {
    const entity = newEntity("exact");
    await put(entity, eventData);
    await expect(openStore(engine).getEvents(entity)).rejects.toMatchObject({
      code: "CORRUPT_ITEM",
      message: expect.stringMatching(message),
    });
  });

  test("numbers that JavaScript holds come back, in whatever form they were written", async () => {
    const entity = newEntity("numbers");
    const numbers = [
      "19.99",
      "1E20",
      "0.000001",
      "-0.5",
      "9007199254740992",
      "123456789012345680000",
      "1.10",
      "5e-7",
      "100000000000000000",
    ];
    await put(entity, { M: { all: { L: numbers.map((N) => ({ N })) } } });
    expect((await openStore(engine).getEvents(entity))[0]?.eventData.all).toEqual(numbers.map(Number));
  });
});

describe("arguments", () => {
  test("are taken when a method is called: one object for five appends stores five payloads", async () => {
    const entity = newEntity("taken");
    const store = openStore(engine);
    const request = {
      aggregateType: "Thing",
      entityId: entity,
      events: [{ eventType: "Done", eventData: { n: 0 } }],
      userId: "u",
      correlationId: "c",
    };
    const all = [1, 2, 3, 4, 5].map((n) => {
      request.events[0]!.eventData.n = n;
      return store.appendEvents(request);
    });
    request.events = [];
    await Promise.all(all);
    expect((await store.getEvents(entity)).map(({ eventData }) => eventData.n).sort()).toEqual([1, 2, 3, 4, 5]);
  });

  const store = () => openStore(engine);
  const good = {
    aggregateType: "T",
    entityId: "e",
    events: [{ eventType: "E", eventData: {} }],
    userId: "u",
    correlationId: "c",
  };
  test.each<[string, () => unknown, string]>([
    [
      "a misspelt field of an append",
      () => store().appendEvents({ ...good, expectedversion: 3 } as never),
      "request.expectedversion",
    ],
    [
      "a misspelt field of a command",
      () => store().appendEvents({ ...good, command: { id: "k", hsah: "x" } } as never),
      "command.hsah",
    ],
    ["no request", () => store().appendEvents(undefined as never), "request"],
    ["null among events", () => store().appendEvents({ ...good, events: [null] } as never), "events[0]"],
    [
      "an event without data",
      () => store().appendEvents({ ...good, events: [{ eventType: "E" }] } as never),
      "events[0]",
    ],
    ["half a surrogate pair in an id", () => store().appendEvents({ ...good, entityId: "a\uD83D" }), "entityId"],
    ["half a surrogate pair in a user", () => store().appendEvents({ ...good, userId: "\uDE00" }), "userId"],
    [
      "half a surrogate pair in a correlation id",
      () => store().appendEvents({ ...good, correlationId: "\uDE00" }),
      "correlationId",
    ],
    ["a bigint", () => store().appendEvents({ ...good, expectedVersion: 1n } as never), "expectedVersion"],
    [
      "a misspelt direction",
      () =>
        store()
          .getEvents("e")
          .then(() =>
            store()
              .readEvents("e", { direction: "up" } as never)
              [Symbol.asyncIterator]()
              .next(),
          ),
      "direction",
    ],
    [
      "a misspelt option of a read",
      () =>
        store()
          .readEvents("e", { from: 1 } as never)
          [Symbol.asyncIterator]()
          .next(),
      "options.from",
    ],
    [
      "a misspelt option of an index read",
      () =>
        store()
          .readEventsByUser("u", { form: "x" } as never)
          [Symbol.asyncIterator]()
          .next(),
      "options.form",
    ],
    ["a misspelt option of a load", () => load(store(), counter, "e", { version: 3 } as never), "options.version"],
    [
      "a misspelt option of a snapshot",
      () => store().createSnapshot("T", "e", 1, {}, 1, { stateversion: "1" } as never),
      "options.stateversion",
    ],
    [
      "a command on some of many",
      () =>
        store().appendToMany([
          { ...good, expectedVersion: 0, command: { id: "k" } },
          { ...good, entityId: "f", expectedVersion: 0 },
        ]),
      "command of f",
    ],
  ])("%s is refused by name", async (_, act, field) => {
    await expect((async () => act())()).rejects.toMatchObject({ code: "INVALID_ARGUMENT", field });
  });

  test("an error about a value that contains itself can be made", () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(new InvalidArgumentError("x", circle, "a tree").message).toContain("x: expected a tree, got");
    expect(new InvalidArgumentError("x", 1n, "a number").message).toBe("x: expected a number, got 1n");
    expect(new InvalidArgumentError("x", "y".repeat(10_000), "less").message.length).toBeLessThan(400);
  });
});

test("a store that is throttled for ever gives up within a stated time, naming the entity", async () => {
  const client = engine.connect({ maxAttempts: 1 });
  injectFaults(client, () => "throttle");
  const start = Date.now();
  const run = handleCommand({ store: openStore(engine, {}, client) }, counter, {
    ...command,
    entityId: "hot-1",
    command: { type: "Add", data: { by: 1 } },
  });
  await expect(run).rejects.toMatchObject({
    code: "UNAVAILABLE",
    entityId: "hot-1",
    cause: { name: "ThrottlingException" },
  });
  expect(Date.now() - start).toBeLessThan(20_000);
}, 40_000);

test("a guard tests the code, so that two copies of the package agree", () => {
  expect(isConcurrencyError(Object.assign(new Error("other copy"), { code: "CONCURRENCY" }))).toBe(true);
  expect(isConcurrencyError({ code: "CONCURRENCY" })).toBe(false);
});
