import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Meter } from "../../../scripts/bench/meter.ts";
import { type CommandRequest, handleCommand, KeyedMutex, StateCache } from "../../../src/aggregate/index.ts";
import type { CommandOf } from "../../../src/definition/index.ts";
import { type ProductState, product } from "../../../src/product/index.ts";
import { productService } from "../../../src/product/service.ts";
import { makeSnapshot } from "../../../src/snapshotter/index.ts";
import { counter } from "../../support/counter.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { newEntity, openStore } from "../../support/store.ts";

type ProductCommand = CommandOf<typeof product.commands>;
const aggregates = Object.values(productService.aggregates);

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const usd = (amount: number) => ({ amount, currency: "USD" });
const create: ProductCommand = {
  type: "CreateProduct",
  data: { name: "Tea", description: "", price: usd(1), categoryId: null },
};
const price = (amount: number): ProductCommand => ({ type: "ChangePrice", data: { price: usd(amount) } });
const discontinue: ProductCommand = { type: "DiscontinueProduct", data: { reason: "x" } };
const request = (entityId: string, command: ProductCommand, more: Partial<CommandRequest<ProductCommand>> = {}) => ({
  entityId,
  command,
  userId: "ann",
  correlationId: "c-1",
  now: "2026-01-01T00:00:00.000Z",
  ...more,
});

function open(withCache = true) {
  const client = engine.connect();
  const store = openStore(engine, { aggregates }, client);
  const context = { store, ...(withCache ? { cache: new StateCache<ProductState>(100) } : {}) };
  const run = (entityId: string, command: ProductCommand, more: Partial<CommandRequest<ProductCommand>> = {}) =>
    handleCommand(context, product, request(entityId, command, more));
  return { store, client, run };
}

describe("requests of a command", () => {
  test("hot: one, and no read units; cold: three; one read more with a command id", async () => {
    const entity = newEntity("p");
    const hot = open();
    await hot.run(entity, create);
    for (let n = 2; n <= 120; n += 1) await hot.run(entity, price(n));
    const hotMeter = new Meter(hot.client);
    await hot.run(entity, price(500));
    expect(hotMeter.take()).toMatchObject({ requests: 1, read: 0, operations: ["PutItem"] });
    await hot.run(entity, price(501), { commandId: "key-1" });
    expect(hotMeter.take()).toMatchObject({ requests: 2, read: 1, operations: ["GetItem", "PutItem"] });
    await makeSnapshot({ store: hot.store, aggregates: [product], clock: () => new Date() }, product, entity);
    for (const more of [{}, { commandId: "key-2" }]) {
      const cold = open();
      const meter = new Meter(cold.client);
      await cold.run(entity, price(more.commandId ? 601 : 600), more);
      const asked = more.commandId ? ["GetItem"] : [];
      // The reads go out together and are noted as they come back.
      const { operations } = meter.take();
      expect(operations.at(-1)).toBe("PutItem");
      expect(operations.slice(0, -1).sort()).toEqual([...asked, "Query", "Query"]);
    }
  });

  test("a stale cache costs the conflict and what came after", async () => {
    const entity = newEntity("p");
    const [one, two] = [open(), open()];
    await one.run(entity, create);
    await two.run(entity, price(2));
    const meter = new Meter(one.client);
    expect(await one.run(entity, price(3))).toMatchObject({ version: 3 });
    expect(meter.take().operations.filter((name) => name === "Query").length).toBeLessThanOrEqual(3);
    expect((await one.store.getEvents(entity)).map(({ eventData }) => eventData.previousPrice)).toEqual([
      undefined,
      usd(1),
      usd(2),
    ]);
  });
});

describe("what is decided without an append stands on a strong read", () => {
  test("a rejection from a stale cache is decided again", async () => {
    const entity = newEntity("p");
    const [one, two] = [open(), open()];
    await expect(one.run(entity, price(2))).rejects.toMatchObject({ code: "REJECTED", reason: "product-unknown" });
    await one.run(entity, create);
    await two.run(entity, discontinue);
    await expect(one.run(entity, price(5))).rejects.toMatchObject({ reason: "product-discontinued" });
  });

  test("so is a change that looks like none", async () => {
    const entity = newEntity("p");
    const [one, two] = [open(), open()];
    await one.run(entity, create);
    await two.run(entity, price(9));
    expect(await one.run(entity, price(1))).toMatchObject({ version: 3, events: [{ eventType: "PriceUpdated" }] });
  });

  test("an expected version is held against the table, not against the cache", async () => {
    const entity = newEntity("p");
    const [one, two] = [open(), open()];
    await one.run(entity, create);
    await two.run(entity, price(2));
    expect(await one.run(entity, price(3), { expectedVersion: 2 })).toMatchObject({ version: 3 });
    await expect(two.run(entity, price(4), { expectedVersion: 2 })).rejects.toMatchObject({
      code: "CONCURRENCY",
      actualVersion: 3,
    });
  });
});

describe("a repeated command", () => {
  test.each([true, false])("answers with the first result (cache: %s)", async (withCache) => {
    const entity = newEntity("p");
    const first = open(withCache);
    await first.run(entity, create, { commandId: "create" });
    expect(await first.run(entity, price(2), { commandId: "k" })).toMatchObject({ version: 2, repeated: false });
    await first.run(entity, price(3));
    for (const other of [first, open(withCache)]) {
      expect(await other.run(entity, price(2), { commandId: "k" })).toMatchObject({
        version: 2,
        repeated: true,
        state: { price: { amount: 2 } },
        events: [{ eventType: "PriceUpdated", sequenceNumber: 2 }],
      });
      expect(await other.run(entity, price(2), { commandId: "k", expectedVersion: 1 })).toMatchObject({
        version: 2,
        repeated: true,
      });
      expect(await other.run(entity, create, { commandId: "create" })).toMatchObject({ version: 1, repeated: true });
      await expect(other.run(entity, price(7), { commandId: "k" })).rejects.toMatchObject({
        code: "COMMAND_ID_REUSED",
      });
    }
  });

  test("is recognised behind a snapshot and more than a hundred events", async () => {
    const entity = newEntity("p");
    const first = open();
    await first.run(entity, create, { commandId: "create" });
    await first.run(entity, price(2), { commandId: "k" });
    for (let n = 3; n <= 180; n += 1) await first.run(entity, price(n));
    for (const withSnapshot of [false, true]) {
      if (withSnapshot)
        await makeSnapshot({ store: first.store, aggregates: [product], clock: () => new Date() }, product, entity);
      expect(await open().run(entity, price(2), { commandId: "k" })).toMatchObject({ version: 2, repeated: true });
    }
  });
});

test("commands of one entity in one process take mutex, and in several retry", async () => {
  const entity = newEntity("p");
  await open().run(entity, create);
  const processes = Array.from({ length: 4 }, () => {
    const { store } = open();
    return { store, cache: new StateCache<ProductState>(10), mutex: new KeyedMutex() };
  });
  const commands = Array.from({ length: 80 }, (_, n) =>
    handleCommand({ ...processes[n % 4]!, attempts: 100 }, product, request(entity, price(n + 2))),
  );
  const results = await Promise.all(commands);
  expect(new Set(results.map(({ version }) => version)).size).toBe(80);
  const events = await open().store.getEvents(entity);
  expect(events).toHaveLength(81);
  const prices = events.map(({ eventData }) => (eventData.price as { amount: number }).amount);
  expect(events.slice(1).map(({ eventData }) => (eventData.previousPrice as { amount: number }).amount)).toEqual(
    prices.slice(0, -1),
  );
});

test.each([
  ["expectedVersion", { expectedVersion: Number.NaN }, "got NaN"],
  ["expectedVersion", { expectedVersion: -1 }, "got -1"],
  ["now", { now: "yesterday" }, 'got "yesterday"'],
])("a command whose %s is off is refused by name, and is no conflict", async (field, more, message) => {
  const refused = open().run(newEntity("p"), create, more);
  await expect(refused).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    field,
    message: expect.stringContaining(message),
  });
});

describe("a repeat is a repeat, whatever came of the first time", () => {
  test("a command that changed nothing changes nothing later, in this process or another", async () => {
    const entity = newEntity("p");
    const first = open();
    await first.run(entity, create);
    const asCreated = price(1);
    expect(await first.run(entity, asCreated, { commandId: "noop" })).toMatchObject({
      version: 1,
      events: [],
      repeated: false,
    });
    await first.run(entity, price(2));
    for (const other of [first, open(), open(false)])
      expect(await other.run(entity, asCreated, { commandId: "noop" })).toMatchObject({
        version: 1,
        events: [],
        repeated: true,
        state: { price: { amount: 1 } },
      });
    expect(await first.store.getEvents(entity)).toHaveLength(2);
    await expect(first.run(entity, price(9), { commandId: "noop" })).rejects.toMatchObject({
      code: "COMMAND_ID_REUSED",
    });
  });

  test("a refused one stays refused for the same reason, until a day has passed", async () => {
    const entity = newEntity("p");
    let now = Date.now();
    const store = openStore(engine, { clock: () => new Date(now) });
    const run = (command: never, commandId?: string) =>
      handleCommand({ store }, product, request(entity, command, commandId ? { commandId } : {}));
    const refused = { code: "REJECTED", reason: "product-unknown" };
    await expect(run(price(2) as never, "early")).rejects.toMatchObject(refused);
    await run(create as never);
    await expect(run(price(2) as never, "early")).rejects.toMatchObject(refused);
    expect(await store.getEvents(entity)).toHaveLength(1);
    now += 25 * 3_600_000;
    expect(await run(price(2) as never, "early")).toMatchObject({ version: 2, repeated: false });
  });

  test("may be left out, and costs nothing then", async () => {
    const entity = newEntity("p");
    const { store, client } = open();
    const run = (command: never, commandId: string) =>
      handleCommand({ store, remembersOutcomes: false }, product, request(entity, command, { commandId }));
    await run(create as never, "a");
    const meter = new Meter(client);
    await run(price(1) as never, "noop");
    expect(meter.take().operations).not.toContain("GetItem");
    await run(price(2) as never, "b");
    expect(await run(price(1) as never, "noop")).toMatchObject({ version: 3, repeated: false });
  });

  test("the state of a result is the state at its version, whatever the process knows", async () => {
    const entity = newEntity("p");
    const [a, b] = [open(), open()];
    await a.run(entity, create);
    await b.run(entity, price(2));
    await b.run(entity, price(3), { commandId: "k" });
    await b.run(entity, price(4));
    for (const one of [a, b, open(), open(false)])
      expect(await one.run(entity, price(3), { commandId: "k" })).toMatchObject({
        version: 3,
        state: { price: { amount: 3 } },
      });
  });
});

describe("what is given and handed out", () => {
  test("a request that is altered after the call is stored as it was given", async () => {
    const { store } = open();
    const entity = newEntity("p");
    const command = { type: "Add" as const, data: { by: 0 } };
    const shared = { ...request(entity, command as never), command };
    const results = [1, 2, 3].map((by) => {
      command.data.by = by;
      return handleCommand({ store, mutex: new KeyedMutex() }, counter, shared as never);
    });
    command.data.by = 99;
    await Promise.all(results);
    expect((await store.getEvents(entity)).map(({ eventData }) => eventData.by).sort()).toEqual([1, 2, 3]);
  });

  test("states, events and commands are frozen; an evolve that alters its state is refused and stores nothing", async () => {
    const { store } = open();
    const entity = newEntity("c");
    const context = { store, cache: new StateCache<{ count: number; sum: number }>(10) };
    const add = (by: number, aggregate = counter) =>
      handleCommand(context, aggregate, request(entity, { type: "Add", data: { by } } as never) as never);
    const { state, events } = await add(1);
    expect([state, events[0], events[0]!.eventData].map(Object.isFrozen)).toEqual([true, true, true]);
    expect(
      (await store.getEvents(entity)).every((event) => Object.isFrozen(event) && Object.isFrozen(event.eventData)),
    ).toBe(true);
    const altering = {
      ...counter,
      evolve(before: { count: number; sum: number }) {
        (before as { count: number }).count += 1;
        return before;
      },
    };
    await expect(add(2, altering as never)).rejects.toMatchObject({
      code: "EVOLVE",
      entityId: entity,
      eventType: "Added",
    });
    const meddling = {
      ...counter,
      decide(_: unknown, before: { count: number }) {
        before.count = 7;
        return [];
      },
    };
    await expect(add(2, meddling as never)).rejects.toBeInstanceOf(TypeError);
    expect(await add(3)).toMatchObject({ version: 2, state: { count: 2 } });
  });
});

describe("an aggregate's own mistakes", () => {
  const run = (entity: string, aggregate: object, more: object = {}) =>
    handleCommand(
      { store: open().store },
      aggregate as never,
      request(entity, { type: "Add", data: { by: 13 } } as never, more) as never,
    );

  test("an event that its evolve refuses is not stored, and the entity lives", async () => {
    const entity = newEntity("c");
    const unlucky = {
      ...counter,
      evolve(state: never, event: { eventData: { by: number } }) {
        if (event.eventData.by === 13) throw new Error("unlucky");
        return counter.evolve(state, event as never);
      },
    };
    await expect(run(entity, unlucky)).rejects.toMatchObject({
      code: "EVOLVE",
      entityId: entity,
      message: expect.stringContaining("unlucky"),
    });
    expect(await open().store.getEvents(entity)).toEqual([]);
  });

  test.each([
    ["a promise of events", async () => [{ eventType: "Added", eventData: { by: 1 } }]],
    ["a promise that is rejected", async () => Promise.reject(new Error("late"))],
    ["nothing", () => undefined],
    ["one event", () => ({ eventType: "Added", eventData: { by: 1 } })],
    ["null among events", () => [null]],
    ["an event without a type", () => [{ eventData: {} }]],
  ])("a decide that returns %s is refused by name, and nothing is stored", async (_, decide) => {
    const entity = newEntity("c");
    await expect(run(entity, { ...counter, decide })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await open().store.getEvents(entity)).toEqual([]);
  });

  test.each([
    ["request", { expectedversion: 3 }],
    ["request", { commandID: "k" }],
  ])("a misspelt field of the %s is refused by name", async (_, more) => {
    await expect(run(newEntity("c"), counter, more)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      field: `request.${Object.keys(more)[0]}`,
    });
  });

  test("a misspelt field of the context is refused by name", async () => {
    const given = handleCommand({ store: open().store, cach: 1 } as never, counter, request("x", {} as never) as never);
    await expect(given).rejects.toMatchObject({ field: "context.cach" });
  });
});

test.each([
  ["a number beyond JSON, with a command id", { data: { reason: 5n } }, { commandId: "k" }, "command"],
  ["a function", { data: { reason: () => 1 } }, {}, "command"],
  ["no time", {}, { now: undefined }, "now"],
])("a command with %s is refused by name", async (_what, command, more, field) => {
  const { run } = open();
  const refused = run(newEntity("p"), { ...discontinue, ...command } as never, more as object);
  await expect(refused).rejects.toMatchObject({ code: "INVALID_ARGUMENT", field });
});
