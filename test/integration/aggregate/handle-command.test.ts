import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Meter } from "../../../scripts/bench/meter.ts";
import { type CommandRequest, handleCommand, StateCache, Turns } from "../../../src/aggregate/index.ts";
import { eventTypes, type ProductCommand, type ProductState, product } from "../../../src/product/index.ts";
import { makeSnapshot } from "../../../src/snapshotter/index.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { newEntity, openStore } from "../../support/store.ts";

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
  const store = openStore(engine, { eventTypes }, client);
  const context = { store, ...(withCache ? { cache: new StateCache<ProductState>(100) } : {}) };
  const run = (entityId: string, command: ProductCommand, more: Partial<CommandRequest<ProductCommand>> = {}) =>
    handleCommand(context, product, request(entityId, command, more));
  return { store, client, run };
}

describe("requests of a command", () => {
  test("hot: one, and no read units; cold: at most three", async () => {
    const entity = newEntity("p");
    const hot = open();
    await hot.run(entity, create);
    for (let n = 2; n <= 120; n += 1) await hot.run(entity, price(n));
    const hotMeter = new Meter(hot.client);
    await hot.run(entity, price(500), { commandId: "key-1" });
    expect(hotMeter.take()).toMatchObject({ requests: 1, read: 0, operations: ["PutItem"] });
    await makeSnapshot({ store: hot.store, aggregates: [product], clock: () => new Date() }, product, entity);
    for (const more of [{}, { commandId: "key-2" }]) {
      const cold = open();
      const meter = new Meter(cold.client);
      await cold.run(entity, price(more.commandId ? 601 : 600), more);
      expect(meter.take()).toMatchObject({ requests: 3, operations: ["Query", "Query", "PutItem"] });
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
        events: [],
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

test("commands of one entity in one process take turns, and in several retry", async () => {
  const entity = newEntity("p");
  await open().run(entity, create);
  const processes = Array.from({ length: 4 }, () => {
    const { store } = open();
    return { store, cache: new StateCache<ProductState>(10), turns: new Turns() };
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
