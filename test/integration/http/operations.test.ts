import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { productCatalog } from "../../../projections/product-catalog.ts";
import { handleCommand } from "../../../src/aggregate/index.ts";
import { defineService } from "../../../src/definition/index.ts";
import type { DynamoDBEventStore } from "../../../src/event-store/dynamodb/index.ts";
import { createOperationsApp } from "../../../src/http/index.ts";
import { product } from "../../../src/product/index.ts";
import { productService } from "../../../src/product/service.ts";
import type { Projector } from "../../../src/projector/dynamodb/index.ts";
import { createPublisher } from "../../../src/publisher/index.ts";
import { makeSnapshot } from "../../../src/snapshotter/index.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { openProjector } from "../../support/projecting.ts";
import { openStore } from "../../support/store.ts";

const aggregates = Object.values(productService.aggregates);
const usd = (amount: number) => ({ amount, currency: "USD" });

/** The catalog, which cannot take one product as long as the fault is on. */
let isFaulty = false;
const service = defineService({
  name: "ProductService",
  aggregates: productService.aggregates,
  projections: productService.projections.map((one) =>
    one === productCatalog
      ? {
          ...productCatalog,
          evolve: (row: never, event: never) => {
            if (isFaulty && (event as { entityId: string }).entityId === "cursed") throw new Error("a fault of ours");
            return productCatalog.evolve(row, event);
          },
        }
      : one,
  ),
});

let engine: TestEngine;
let app: ReturnType<typeof createOperationsApp>;
let store: DynamoDBEventStore;
let projector: Projector;
/** Milliseconds by which the clock is ahead; each look at it adds `step`. */
let ahead = 0;
let step = 0;
const clock = () => {
  ahead += step;
  return new Date(Date.now() + ahead);
};
const refused = new Set<string>();

beforeAll(async () => {
  engine = await startTestEngine();
  store = openStore(engine, { aggregates });
  projector = openProjector(engine, { projections: service.projections, clock, parkAfter: 1 });
  const { table } = projector.context;
  const publisher = createPublisher({
    bus: {
      putEvents: async (entries: readonly { readonly detail: { readonly entityId: string } }[]) =>
        entries.map(({ detail }) => (refused.has(detail.entityId) ? { code: "Refused", message: "not this one" } : {})),
    } as never,
    store,
    table,
    eventTypes: service.eventTypes,
    source: "ProductService",
    backOff: async () => undefined,
    clock,
    parkAfter: 1,
    attempts: 1,
  });
  app = createOperationsApp({
    operations: { service, store, table, projector, publisher, clock, pause: async () => undefined },
    identify: (_env, headers) => headers.get("x-user-id") ?? undefined,
    scopesOf: (_env, headers) => (headers.get("x-user-id") === "operator" ? ["streamfold/operate"] : []),
    log: () => undefined,
    clock,
    newId: () => "made",
  });
});
afterAll(() => engine.stop());
beforeEach(() => {
  step = 0;
});

// biome-ignore lint/suspicious/noExplicitAny: a JSON body, whose expected form each test states
type Answer = { status: number; body: any };

async function call(method: string, path: string, body?: unknown, userId = "operator"): Promise<Answer> {
  const headers = { "content-type": "application/json", "x-user-id": userId };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await app.request(`/operations${path}`, init);
  return { status: response.status, body: await response.json() };
}
const get = async (path: string) => (await call("GET", path)).body;
const post = async (path: string, body: unknown = {}) => (await call("POST", path, body)).body;

interface Sent {
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly userId?: string;
}

async function send(
  entityId: string,
  command: object,
  { correlationId = entityId, causationId, userId = "ann" }: Sent = {},
) {
  const request = { entityId, command, userId, correlationId, causationId, now: new Date().toISOString() };
  const { events } = await handleCommand({ store }, product, request as never);
  await projector.project([{ entityId, upTo: events.at(-1)!.sequenceNumber, events }]);
  return events;
}
const create = (entityId: string, sent?: Sent) =>
  send(
    entityId,
    { type: "CreateProduct", data: { name: entityId, description: "", price: usd(100), categoryId: null } },
    sent,
  );
const price = (entityId: string, amount: number, sent?: Sent) =>
  send(entityId, { type: "ChangePrice", data: { price: usd(amount) } }, sent);

const created = (name: string) => ({
  eventType: "ProductCreated",
  eventData: { name, description: "", price: usd(1), categoryId: null },
});

test("only a caller with the scope is answered", async () => {
  expect(await call("GET", "/service", undefined, "somebody")).toMatchObject({
    status: 403,
    body: { detail: "somebody may not operate this service" },
  });
  expect((await call("POST", "/projections/product-catalog/drop", { generation: 1 }, "somebody")).status).toBe(403);
});

test("the service is described by its declaration: events and commands with their schemas, projections with their lists", async () => {
  const { name, aggregates: described, projections } = await get("/service");
  expect(name).toBe("ProductService");
  const [first] = described;
  expect(first).toMatchObject({ collection: "products", aggregateType: "Product" });
  const priceUpdated = first.events.find(({ eventType }: { eventType: string }) => eventType === "PriceUpdated");
  expect(Object.keys(priceUpdated.schema.properties)).toEqual(["price", "previousPrice"]);
  expect(priceUpdated.publishedAs).toBe("PriceUpdated");
  expect(first.commands).toContainEqual(
    expect.objectContaining({ command: "ChangePrice", path: "/products/{id}/change-price" }),
  );
  expect(first.commands.find(({ command }: { command: string }) => command === "CreateProduct").idField).toBe(
    "productId",
  );
  expect(projections[0]).toMatchObject({ projection: "product-catalog", kind: "row-per-entity" });
  expect(projections[0].lists).toContain("byName");
});

describe("events", () => {
  test("the newest first, page after page, without a repeat; by type; by user", async () => {
    for (const n of [1, 2, 3]) await create(`page-${n}`, { userId: "page-user" });
    for (const n of [1, 2, 3]) await price(`page-${n}`, n, { userId: "page-user" });
    const seen: string[] = [];
    let before = "";
    do {
      const page = await get(`/events?limit=2&aggregate=Product${before && `&before=${before}`}`);
      seen.push(...page.events.map(({ eventId }: { eventId: string }) => eventId));
      before = page.before ?? "";
    } while (before);
    expect(new Set(seen).size).toBe(seen.length);
    const all = await get("/events?limit=200");
    expect(seen).toEqual(
      all.events
        .filter(({ aggregateType }: { aggregateType: string }) => aggregateType === "Product")
        .map(({ eventId }: { eventId: string }) => eventId),
    );
    const times = all.events.map(({ eventTime }: { eventTime: string }) => eventTime);
    expect(times).toEqual([...times].sort().reverse());
    const updates = await get("/events?type=PriceUpdated&limit=200");
    expect(updates.events.every(({ eventType }: { eventType: string }) => eventType === "PriceUpdated")).toBe(true);
    expect((await get("/events?user=page-user")).events).toHaveLength(6);
  });

  test("pages of events of one and the same millisecond end, and have each event once", async () => {
    const at = openStore(engine, { aggregates, clock: () => new Date("2020-01-01T00:00:00.000Z") });
    for (const n of [3, 1, 5, 2, 4])
      await at.appendEvents({
        aggregateType: "Product",
        entityId: `same-${n}`,
        events: [created(`same-${n}`), created(`same-${n}`)],
        userId: "same-user",
        correlationId: "same",
        expectedVersion: 0,
      });
    for (const query of ["type=ProductCreated", "user=same-user"]) {
      const seen: string[] = [];
      let before = "";
      do {
        const page = await get(`/events?limit=3&${query}${before && `&before=${before}`}`);
        seen.push(...page.events.map(({ eventId }: { eventId: string }) => eventId));
        before = page.before ?? "";
      } while (before && seen.length < 200);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.length).toBeGreaterThanOrEqual(10);
      expect(seen.length).toBeLessThan(200);
    }
  });

  test("what cannot be asked for is named", async () => {
    expect(await call("GET", "/events?type=Nothing")).toMatchObject({ status: 400 });
    expect(await call("GET", "/events?before=nonsense")).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining("before") },
    });
    expect(await call("GET", "/events?limit=0")).toMatchObject({ status: 400 });
    expect(await call("GET", "/events?user=ann&type=PriceUpdated")).toMatchObject({ status: 400 });
  });

  test("of one correlation and of causes, across entities, each once and in order", async () => {
    const [first] = await create("chain-1", { correlationId: "chain" });
    const [second] = await create("chain-2", { correlationId: "chain" });
    const [caused] = await create("chain-3", { correlationId: "other", causationId: second!.eventId });
    await create("chain-4", { correlationId: "foreign" });
    for (const [entityId] of [["chain-1"], ["chain-3"]]) {
      const { events, isComplete } = await get(`/events/related?entityId=${entityId}&sequenceNumber=1`);
      expect(events.map(({ eventId }: { eventId: string }) => eventId)).toEqual([
        first!.eventId,
        second!.eventId,
        caused!.eventId,
      ]);
      expect(isComplete).toBe(true);
    }
    expect((await call("GET", "/events/related?entityId=nobody&sequenceNumber=1")).status).toBe(404);
  });

  test("the live stream in short answers: from the last one on, with the time to ask again", async () => {
    await create("live-1");
    const ask = async (last?: string) => {
      const headers = { "x-user-id": "operator", ...(last ? { "last-event-id": last } : {}) };
      return (await app.request("/operations/live", { headers })).text();
    };
    const text = await ask();
    expect(text).toMatch(/^retry: \d+\n/);
    expect(text).toContain('event: hello\ndata: {"isLocal":false');
    expect(text).toContain("live-1");
    const id = /^id: (.*)$/m.exec(text)![1]!;
    ahead += 3_600_000;
    expect(await ask(new Date(Date.parse(id) + 3_600_000).toISOString())).not.toContain("live-1");
    ahead -= 3_600_000;
  });
});

describe("an entity", () => {
  test("with its snapshots, its rows and checkpoints, and how far it is published", async () => {
    await create("entity-1");
    await price("entity-1", 7);
    await makeSnapshot({ store, aggregates: [product], clock }, product, "entity-1");
    await price("entity-1", 8);
    const entity = await get("/entities/entity-1");
    expect(entity).toMatchObject({
      aggregateType: "Product",
      collection: "products",
      version: 3,
      snapshots: [{ version: 2, isCurrent: true }],
      published: 0,
      isPublisherParked: false,
    });
    const byName = new Map(
      entity.readModels.map((one: { projection: string }) => [one.projection, one]),
    ) as ReadonlyMap<string, object>;
    expect(byName.get("product-catalog")).toMatchObject({ checkpoint: 3, rows: [{ price: usd(8) }], isParked: false });
    expect(byName.get("product-price-history")).toMatchObject({
      checkpoint: 3,
      rows: [{ sequenceNumber: 3 }, { sequenceNumber: 2 }, { sequenceNumber: 1 }],
    });
    expect(byName.get("category-tree")).toMatchObject({ rows: [] });
    expect((await call("GET", "/entities/nobody")).status).toBe(404);
  });

  test("its state at any version, and before that one", async () => {
    await create("state/1 ü");
    await price("state/1 ü", 5);
    const path = `/entities/${encodeURIComponent("state/1 ü")}/state`;
    expect(await get(`${path}?at=2`)).toMatchObject({
      version: 2,
      state: { price: usd(5) },
      previous: { price: usd(100) },
    });
    expect(await get(`${path}?at=1`)).toMatchObject({ state: { price: usd(100) }, previous: { status: "missing" } });
    expect(await get(path)).toMatchObject({ version: 2 });
    expect((await call("GET", `${path}?at=3`)).status).toBe(404);
    expect((await call("GET", `${path}?at=0`)).status).toBe(400);
  });
});

test("rows as the table has them, page after page, and by list", async () => {
  for (const n of [1, 2, 3]) await create(`rows-${n}`);
  const keys: string[] = [];
  let cursor = "";
  do {
    const page = await get(`/projections/product-catalog/rows?limit=2${cursor && `&cursor=${cursor}`}`);
    keys.push(...page.rows.map(({ key }: { key: string }) => key));
    cursor = page.cursor ?? "";
  } while (cursor);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys).toEqual(expect.arrayContaining(["rows-1 row", "rows-2 row", "rows-3 row"]));
  expect(await get("/projections/product-catalog/rows?list=byName")).toEqual({ rows: [], partitions: ["all"] });
  const { rows } = await get("/projections/product-catalog/rows?list=byName&partition=all&order=descending&limit=200");
  const names = rows.map(({ row }: { row: { name: string } }) => row.name);
  expect(names).toEqual([...names].sort().reverse());
  expect((await call("GET", "/projections/product-catalog/rows?list=nothing")).body.detail).toContain("byName");
  expect((await call("GET", "/projections/nothing/rows")).status).toBe(404);
});

test("a parked entity is listed with event and error, fails again, is retried after the fix; another one is skipped", async () => {
  isFaulty = true;
  await create("cursed");
  await price("cursed", 2);
  const [parked] = (await get("/parked?reader=product-catalog")).parked;
  expect(parked).toMatchObject({ entityId: "cursed", sequenceNumber: 1, event: { eventType: "ProductCreated" } });
  expect(parked.error).toContain("a fault of ours");
  expect((await get("/projections")).projections[0]).toMatchObject({ projection: "product-catalog", parked: 1 });
  const request = { reader: "product-catalog", entityId: "cursed" };
  expect((await post("/parked/retry", request)).error).toContain("a fault of ours");
  isFaulty = false;
  expect(await post("/parked/retry", request)).toEqual({});
  expect((await get("/parked")).parked).toEqual([]);
  expect(await call("POST", "/parked/retry", request)).toMatchObject({ status: 404 });
  expect((await call("POST", "/parked/skip", { ...request, reader: "nobody" })).status).toBe(400);

  isFaulty = true;
  await price("cursed", 3);
  expect(await post("/parked/skip", request)).toEqual({});
  isFaulty = false;
  const { readModels } = await get("/entities/cursed");
  expect(readModels[0]).toMatchObject({ checkpoint: 3, rows: [{ price: usd(2) }] });
});

test("a generation is built in steps, served, rolled back, completed and dropped; the rows are verified", async () => {
  for (let n = 0; n < 20; n += 1) await create(`built-${n}`);
  step = 350;
  const steps: { isDone: boolean; generation: number; events: number }[] = [];
  do steps.push(await post("/projections/product-price-history/rebuild"));
  while (!steps.at(-1)!.isDone);
  step = 0;
  expect(steps.length).toBeGreaterThan(1);
  expect(steps.map(({ generation }) => generation)).toEqual(steps.map(() => 2));
  expect(steps.at(-1)!.events).toBeGreaterThanOrEqual(20);
  expect(await post("/projections/product-price-history/verify")).toMatchObject({
    differences: [],
    failed: [],
    behind: 0,
  });

  expect(await call("POST", "/projections/product-price-history/drop", { generation: 2 })).toMatchObject({
    status: 409,
    body: { detail: "product-price-history: generation 2 is the serving one" },
  });
  expect(await post("/projections/product-price-history/rollback")).toMatchObject({ isDone: true, generation: 1 });
  const dropped = await post("/projections/product-price-history/drop", { generation: 2 });
  expect(dropped.itemsRemoved).toBeGreaterThanOrEqual(20);
  expect(await post("/projections/product-price-history/drop", { generation: 2 })).toEqual({ itemsRemoved: 0 });
  expect((await call("POST", "/projections/product-price-history/drop", { generation: 9 })).status).toBe(409);
  expect((await call("POST", "/projections/product-price-history/rollback", {})).body.detail).toContain(
    "no generation to go back to",
  );
  expect((await call("POST", "/projections/product-price-history/drop", { generation: "2" })).status).toBe(400);
});
