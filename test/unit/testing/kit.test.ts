import { expect, test } from "@jest/globals";
import * as z from "zod";
import { categoryTree } from "../../../projections/category-tree.ts";
import { productCatalog } from "../../../projections/product-catalog.ts";
import { userActivity } from "../../../projections/user-activity.ts";
import {
  acrossEntities,
  defineAggregate,
  defineService,
  event,
  rowPerEntity,
  rowPerEvent,
  unchanged,
  upcaster,
} from "../../../src/definition/index.ts";
import { product } from "../../../src/product/index.ts";
import { productService } from "../../../src/product/service.ts";
import { inMemory, projecting, rejected, stories } from "../../../src/testing.ts";

test("the kit prints what was expected and what came instead", () => {
  const { given } = stories(product);
  const rename = given([]).when({ type: "RenameProduct", data: { name: "x" } });
  expect(() => rename.then([{ eventType: "ProductRenamed", eventData: { name: "x", previousName: "y" } }])).toThrow(
    /product-unknown[\s\S]*ProductRenamed|ProductRenamed[\s\S]*product-unknown/,
  );
  expect(() => rename.then(rejected("product-exists"))).toThrow("product-exists");
});

test("a story that is awaited is refused: it would pass, whatever came of it", async () => {
  const story: unknown = stories(product)
    .given([])
    .when({ type: "RenameProduct", data: { name: "x" } });
  await expect(async () => await story).rejects.toThrow("then: expected events or a rejection: a story is not awaited");
});

test("misspelt fields are refused by name, not filled in", async () => {
  const create = {
    type: "CreateProduct",
    data: { name: "x", description: "", price: { amount: 1, currency: "USD" }, categoryId: null },
  } as const;
  const misspelt = { userid: "bob" } as object;
  expect(() => stories(product).given([]).when(create, misspelt).then([])).toThrow("metadata.userid: expected one of");
  const event = { eventType: "ProductDiscontinued", eventData: { reason: "x" }, sequencNumber: 3 } as const;
  expect(() => stories(product).given([event]).when(create).then([])).toThrow(
    "history[0].sequencNumber: expected one of",
  );
  await expect(projecting(productCatalog).given([event]).projects(undefined)).rejects.toThrow(
    "events[0].sequencNumber: expected one of the fields",
  );
});

test("an event under a former name is read as the store reads it", () => {
  const { given } = stories(
    defineAggregate({
      type: "Counter",
      state: z.object({ count: z.int() }),
      initialState: { count: 0 },
      events: {
        Counted: event({
          version: "1.0",
          schema: z.object({ by: z.int() }),
          formerly: { Incremented: { "1.0": upcaster(z.object({ n: z.int() }), "1.0", ({ n }) => ({ by: n })) } },
        }),
      },
      commands: { Double: z.object({}) },
      decide: { Double: (_, { count }) => [{ eventType: "Counted", eventData: { by: count } }] },
      evolve: { Counted: ({ count }, { eventData }) => ({ count: count + eventData.by }) },
    }),
  );
  const double = { type: "Double", data: {} } as const;
  const twice = [{ eventType: "Counted", eventData: { by: 2 } }] as const;
  given([{ eventType: "Incremented", eventData: { n: 2 } } as never])
    .when(double)
    .then([...twice]);
  given([{ eventType: "Incremented", version: "1.0", eventData: { n: 2 } } as never])
    .when(double)
    .then([...twice]);
});

const price = { amount: 1, currency: "USD" };

test("stories check commands and events by their schemas, and fill in what defaults fill in", () => {
  const { given } = stories(product);
  const created = { name: "Tea", description: "", price, categoryId: null };
  given([])
    .when({ type: "CreateProduct", data: { name: " Tea ", price } })
    .then([{ eventType: "ProductCreated", eventData: created }]);
  expect(() =>
    given([])
      .when({ type: "CreateProduct", data: { name: "", price } })
      .then([]),
  ).toThrow("CreateProduct: ");
  const half = { eventType: "ProductCreated", eventData: { name: "Tea" } } as never;
  expect(() => given([half]).when({ type: "ChangePrice", data: { price } }).then([])).toThrow(
    "ProductCreated does not fit its schema",
  );
  const unknown = { eventType: "ProductCreatd", eventData: {} } as never;
  expect(() => given([unknown]).when({ type: "ChangePrice", data: { price } }).then([])).toThrow(
    "expected one of those that Product declares",
  );
});

const counter = defineAggregate({
  type: "Counter",
  state: z.object({ n: z.int() }),
  initialState: { n: 0 },
  events: {
    Counted: event({ version: "2.0", schema: z.object({ by: z.int() }), upcast: { "1.0": (old) => ({ by: old.n }) } }),
  },
  commands: { Double: z.object({}), Break: z.object({}), Alter: z.object({}) },
  decide: {
    Double: (_, { n }) => [{ eventType: "Counted", eventData: { by: n } }],
    Break: (_) => [{ eventType: "Counted", eventData: { by: 13 } }],
    Alter: (_, state) => {
      state.n = 1;
      return [];
    },
  },
  evolve: {
    Counted({ n }, { eventData: { by } }) {
      if (by === 13) throw new Error("evolve cannot");
      return { n: n + by };
    },
  },
});

test("stories upcast older events, freeze the state, and refuse what evolve cannot take", () => {
  const { given } = stories(counter);
  const old = { eventType: "Counted", version: "1.0", eventData: { n: 4 } };
  given([old])
    .when({ type: "Double", data: {} })
    .then([{ eventType: "Counted", eventData: { by: 4 } }]);
  expect(() => given([old]).when({ type: "Break", data: {} }).then([])).toThrow("evolve cannot");
  expect(() => given([old]).when({ type: "Alter", data: {} }).then([])).toThrow("read only");
});

test("a projection of several entities tells them apart, and older events are upcast", async () => {
  const counts = rowPerEntity({
    name: "counts",
    of: counter,
    row: z.object({ n: z.int() }),
    on: { Counted: (row, { eventData }) => ({ n: (row?.n ?? 0) + eventData.by }) },
  });
  const counted = (entityId: string, n: number) => ({
    entityId,
    eventType: "Counted",
    version: "1.0",
    eventData: { n },
  });
  await projecting(counts)
    .given([counted("a", 1), counted("b", 2), counted("a", 3)])
    .projects({ a: { n: 4 }, b: { n: 2 } });
  await projecting(counts)
    .given([counted("a", 1), counted("a", 3)])
    .projects({ n: 4 });
});

test("a service in memory goes from command to row, published event and snapshot", async () => {
  const shop = inMemory(productService);
  await shop.handle("Category", "c-1", { type: "CreateCategory", data: { name: "Teas" } });
  const { version } = await shop.handle("Product", "p-1", {
    type: "CreateProduct",
    data: { name: "Tea", price, categoryId: "c-1" },
  });
  expect(version).toBe(1);
  await expect(shop.handle("Product", "p-2", { type: "RenameProduct", data: { name: "x" } })).rejects.toMatchObject({
    kind: "unknown",
  });
  await expect(shop.handle("Product", "p-1", { type: "RenameProduct", data: { name: "" } })).rejects.toMatchObject({
    code: "COMMAND_SCHEMA",
    issues: [{ path: "data.name" }],
  });
  await expect(
    shop.handle("Product", "p-1", { type: "RenameProduct", data: { name: "x" } }, { expectedVersion: 7 }),
  ).rejects.toMatchObject({ code: "CONCURRENCY" });
  expect(await shop.rows(productCatalog).row("p-1")).toBeUndefined();
  await shop.settled();
  expect(await shop.rows(productCatalog).row("p-1")).toMatchObject({ version: 1, row: { name: "Tea" } });
  expect((await shop.rows(categoryTree).sharedRows("categories")).rows).toMatchObject([{ name: "Teas", products: 1 }]);
  await shop.handle("Product", "p-1", { type: "DiscontinueProduct", data: { reason: "x" } }, { userId: "bob" });
  await shop.settled();
  expect(shop.published.map(({ eventType, sequenceNumber }) => `${eventType} ${sequenceNumber}`)).toEqual([
    "CategoryCreated 1",
    "ProductCreated 1",
    "ProductDiscontinued 2",
  ]);
  expect(await shop.store.getLatestSnapshot("p-1")).toMatchObject({
    version: 2,
    snapshotData: { status: "discontinued" },
  });
  expect((await shop.rows(userActivity).list("byUser", "bob")).rows).toMatchObject([{ did: "ProductDiscontinued" }]);
  expect(() =>
    shop.rows(rowPerEntity({ name: "x", of: product, row: z.object({}), on: { ProductCreated: (_) => ({}) } })),
  ).toThrow("projection: expected one of product-catalog");
});

const clock = defineAggregate({
  type: "Clock",
  state: z.object({ at: z.string().nullable() }),
  initialState: { at: null },
  events: { Set: z.object({ at: z.coerce.date() }) },
  commands: { Set: z.object({}), Later: z.object({}), Many: z.object({}), More: z.object({}) },
  decide: {
    Set: (_, state) => {
      Object.assign(state, { at: "now" });
      return [];
    },
    Later: (async () => []) as never,
    Many: (_) => Array.from({ length: 101 }, () => ({ eventType: "Set", eventData: { at: 0 } }) as const),
    More: (_) => [{ eventType: "Set", eventData: { at: 0 }, causationId: "x" }] as never,
  },
  evolve: { Set: (_, { eventData }) => ({ at: eventData.at }) },
});

test("stories take what the store takes, and no more", () => {
  const { given } = stories(clock);
  const set = { eventType: "Set", eventData: { at: "2026-01-01" } } as const;
  expect(() => given([]).when({ type: "Set", data: {} }).then([])).toThrow("read only");
  expect(() => given([]).when({ type: "Later", data: {} }).then([])).toThrow("decide: expected an answer at once");
  expect(() => given([]).when({ type: "Many", data: {} }).then([])).toThrow(
    "decide: expected an array of at most 100 events",
  );
  expect(() => given([]).when({ type: "More", data: {} }).then([])).toThrow("decided[0].causationId: expected one of");
  expect(() => given([set]).when({ type: "Later", data: {} }).then([])).toThrow("decide: expected an answer at once");
});

test("a date is its text once it is stored, in stories as in production", async () => {
  const dates = rowPerEvent({
    name: "dates",
    of: clock,
    row: z.object({ at: z.string() }),
    on: { Set: ({ eventData }) => eventData },
  });
  await projecting(dates)
    .given([{ eventType: "Set", eventData: { at: new Date(0) } }])
    .projects([{ at: "1970-01-01T00:00:00.000Z" }]);
});

test.each<[string, unknown, string]>([
  ["a date", { at: new Date(0) }, "row cannot be stored: it is not plain JSON"],
  ["no number", { n: Number.NaN }, "row.n cannot be stored"],
  ["half of a surrogate pair", { text: "\ud800" }, "row.text cannot be stored: it holds half of a surrogate pair"],
  ["too large a number", { n: 1e200 }, "row.n cannot be stored: 1e+200 is outside the range"],
  ["an integer that loses digits", { a: [{ n: 2 ** 53 }] }, "row.a.0.n cannot be stored: 9007199254740992 is beyond"],
])("a row with %s is refused as the table would", async (_, bad, message) => {
  const rows = rowPerEvent({ name: "bad", of: clock, row: z.any(), on: { Set: (_event) => bad } });
  await expect(
    projecting(rows)
      .given([{ eventType: "Set", eventData: { at: 0 } }])
      .projects([]),
  ).rejects.toThrow(message);
});

test.each<[string, () => unknown, string]>([
  ["a number", () => ({ partition: "p", sort: 7 }), "byAt.sort: expected well-formed text"],
  ["a promise", async () => ({ partition: "p", sort: "s" }), "byAt: expected a place, not a promise"],
  ["text", () => "p", "byAt: expected a partition and a sort"],
])("a list by %s is refused as the table would", async (_, place, message) => {
  const rows = rowPerEvent({
    name: "bad",
    of: clock,
    row: z.any(),
    on: { Set: (_event) => ({}) },
    lists: { byAt: place as never },
  });
  await expect(
    projecting(rows)
      .given([{ eventType: "Set", eventData: { at: 0 } }])
      .projects([]),
  ).rejects.toThrow(message);
});

test("a row that is not waited for is not got, when it is set", async () => {
  const rows = acrossEntities({
    name: "hasty",
    of: [clock],
    row: z.any(),
    on: {
      Clock: {
        Set: (rows) => {
          void rows.get({ partition: "p", key: "k" });
          rows.set({ partition: "p", key: "k" }, {});
        },
      },
    },
  });
  await expect(
    projecting(rows)
      .given([{ eventType: "Set", eventData: { at: 0 } }])
      .projects({}),
  ).rejects.toThrow("get it before you set it");
});

test("a projection that fails holds up no other, and nothing is taken twice", async () => {
  const count = rowPerEntity({
    name: "count",
    of: clock,
    row: z.object({ n: z.int() }),
    on: { Set: (row) => ({ n: (row?.n ?? 0) + 1 }) },
  });
  const broken = rowPerEntity({
    name: "broken",
    of: clock,
    row: z.object({}),
    on: {
      Set: (_) => {
        throw new Error("a bug");
      },
    },
  });
  const clocks = defineAggregate({
    type: "Clock",
    state: z.object({}),
    initialState: {},
    events: { Set: z.object({}) },
    commands: { Tick: z.object({}) },
    decide: { Tick: (_) => [{ eventType: "Set", eventData: {} }] },
    evolve: { Set: unchanged },
  });
  const tower = inMemory(defineService({ name: "Tower", aggregates: { clocks }, projections: [count, broken] }));
  await tower.handle("Clock", "c-1", { type: "Tick", data: {} });
  for (const _ of [1, 2, 3]) await expect(tower.settled()).rejects.toThrow("a bug");
  expect(await tower.rows(count).row("c-1")).toMatchObject({ row: { n: 1 } });
  await Promise.all([tower.settled().catch(() => undefined), tower.settled().catch(() => undefined)]);
  expect(tower.published).toHaveLength(1);
});

test("rows hold lists and numbers that JavaScript counts with, and what is undefined is left out", async () => {
  const kept = { tags: ["a", ["b"], { c: [1] }], n: Number.MAX_SAFE_INTEGER };
  const rows = rowPerEvent({
    name: "lists",
    of: clock,
    row: z.any(),
    on: { Set: (_event) => ({ ...kept, tags: [...kept.tags, { d: undefined }], e: undefined }) },
  });
  await projecting(rows)
    .given([{ eventType: "Set", eventData: { at: 0 } }])
    .projects([{ ...kept, tags: [...kept.tags, {}] }]);
});

test("a given event with undefined fields is one without them, and one of the current version is checked", () => {
  const { given } = stories(counter);
  const spread = { eventType: "Counted", eventData: { by: 4 }, version: undefined, entityId: undefined } as never;
  given([spread])
    .when({ type: "Double", data: {} })
    .then([{ eventType: "Counted", eventData: { by: 4 } }]);
  const wrong = { eventType: "Counted", eventData: { by: "4" }, version: "2.0" } as never;
  expect(() => given([wrong]).when({ type: "Double", data: {} }).then([])).toThrow("Counted does not fit its schema");
});

test("a projection has no checkpoint of an entity of which it takes nothing", async () => {
  const shop = inMemory(productService);
  await shop.handle("Category", "c-1", { type: "CreateCategory", data: { name: "Teas" } });
  await shop.settled();
  expect(await shop.rows(productCatalog).checkpoint("c-1")).toBe(0);
  expect(await shop.rows(categoryTree).checkpoint("c-1")).toBe(1);
});
