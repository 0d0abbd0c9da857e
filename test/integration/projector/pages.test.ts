import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { productCatalog, queryCatalog } from "../../../projections/product-catalog.ts";
import type { Projection } from "../../../src/definition/index.ts";
import type { StoredEvent } from "../../../src/event-store/index.ts";
import { createRowReader, GenerationsCache } from "../../../src/projector/dynamodb/index.ts";
import type { Page } from "../../../src/projector/index.ts";
import { storedEvent } from "../../support/bare-table.ts";
import { documents, READ_MODELS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { batchOf, openProjector } from "../../support/projecting.ts";

let engine: TestEngine;
let queries = 0;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const clock = () => new Date();

/** Reads with a client of its own, whose queries are counted. */
function readerOf<Row>(projection: Projection<Row>) {
  const client = engine.connect();
  client.middlewareStack.add(
    (next, context) => async (args) => {
      queries += context.commandName === "QueryCommand" ? 1 : 0;
      return next(args);
    },
    { step: "initialize" },
  );
  const table = { client: documents(client), name: READ_MODELS };
  return createRowReader(table, new GenerationsCache(table, clock, 60_000, "reads"), projection);
}

function product(entityId: string, name: string, more: object = {}): StoredEvent {
  const eventData = { name, description: "", price: { amount: 1, currency: "USD" }, categoryId: null, ...more };
  return storedEvent({ entityId, sequenceNumber: 1, aggregateType: "Product", eventType: "ProductCreated", eventData });
}

async function walk<Row>(read: (cursor: string | undefined) => Promise<Page<Row>>, most = 200): Promise<Row[][]> {
  const pages: Row[][] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    pages.push([...page.rows]);
    cursor = page.cursor;
  } while (cursor !== undefined && pages.length < most);
  return pages;
}

test("names that hold the key's own prefix, separators and other alphabets are paged through, each once, both ways", async () => {
  const catalog = { ...productCatalog, name: "odd-names" };
  const names = [
    "odd-names@1#lamp",
    "@1#",
    "#",
    "aaa",
    "odd-names@1#",
    "bbb",
    "\u0000x",
    "é",
    "zzz",
    "product-catalog@1#x",
    "𝒳",
  ];
  await openProjector(engine, { projections: [catalog as Projection] }).project(
    batchOf(names.map((name, n) => product(`${n % 2 ? "odd-names@1#" : ""}p-${n}`, name))),
  );
  const reader = readerOf(catalog);
  for (const sort of ["name", "-name"] as const) {
    const pages = await walk((cursor) => queryCatalog(reader, { limit: 1, cursor, sort }));
    expect(pages.flat().map(({ name }) => name)).toHaveLength(names.length);
    expect(new Set(pages.flat().map(({ name }) => name)).size).toBe(names.length);
  }
});

describe("a filter that few rows pass", () => {
  const catalog = { ...productCatalog, name: "rare-status" };
  const COUNT = 3_000;
  beforeAll(async () => {
    const projector = openProjector(engine, { projections: [catalog as Projection] });
    const events = Array.from({ length: COUNT }, (_, n) => product(`rare-${n}`, `n${String(n).padStart(6, "0")}`));
    for (let n = 0; n < COUNT; n += 500) await projector.project(batchOf(events.slice(n, n + 500)));
    const gone = [700, 701, 2_900].map((n) =>
      storedEvent({
        entityId: `rare-${n}`,
        sequenceNumber: 2,
        aggregateType: "Product",
        eventType: "ProductDiscontinued",
        eventData: { reason: "old" },
      }),
    );
    await projector.project(batchOf(gone));
  }, 120_000);

  test.each([1, 2, 10, 200])("pages of %d find every one in few queries", async (limit) => {
    queries = 0;
    const reader = readerOf(catalog);
    const pages = await walk((cursor) => queryCatalog(reader, { status: "discontinued", limit, cursor }));
    expect(pages.flat().map(({ productId }) => productId)).toEqual(["rare-700", "rare-701", "rare-2900"]);
    expect(queries).toBeLessThanOrEqual(40);
  });

  test("one page takes a bounded number of queries, and its cursor goes on where it ended", async () => {
    queries = 0;
    const reader = readerOf(catalog);
    const page = await queryCatalog(reader, { status: "nothing" as never, limit: 1 });
    expect(queries).toBeLessThanOrEqual(15);
    expect(page.rows).toEqual([]);
    const rest = await walk((cursor) =>
      queryCatalog(reader, { status: "nothing" as never, limit: 1, cursor: cursor ?? page.cursor }),
    );
    expect(rest.flat()).toEqual([]);
  });
});

test("a page ends before its rows are more than Lambda answers, and the next one goes on there", async () => {
  const catalog = { ...productCatalog, name: "large-rows" };
  const projector = openProjector(engine, { projections: [catalog as Projection] });
  const events = Array.from({ length: 30 }, (_, n) =>
    product(`large-${n}`, `n${String(n).padStart(3, "0")}`, { description: '"'.repeat(60_000) + "é".repeat(60_000) }),
  );
  for (let n = 0; n < 30; n += 5) await projector.project(batchOf(events.slice(n, n + 5)));
  const pages = await walk((cursor) => queryCatalog(readerOf(catalog), { limit: 200, cursor }));
  expect(pages.flat().map(({ productId }) => productId)).toEqual(events.map(({ entityId }) => entityId));
  expect(pages.length).toBeGreaterThan(1);
  for (const page of pages) {
    const body = JSON.stringify({ rows: page });
    expect(Buffer.byteLength(JSON.stringify({ statusCode: 200, body }))).toBeLessThan(6_291_556);
  }
}, 60_000);

test("a partition that cannot be a key, and a list that is none, are refused by name", async () => {
  const reader = readerOf(productCatalog);
  await expect(reader.list("byName", "x".repeat(2_100))).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    field: "partition",
  });
  await expect(reader.sharedRows("half \uD83D")).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    field: "partition",
  });
  await expect(reader.list("byColour", "all")).rejects.toMatchObject({
    field: "list",
    expected: "one of byName, byPrice, inCategoryByName, inCategoryByPrice",
  });
  expect(await reader.eventRows("x".repeat(2_040))).toEqual({ rows: [], cursor: undefined });
  expect(await reader.row("x".repeat(2_040))).toBeUndefined();
});

test.each([
  ["page.limit", { limit: 0 }],
  ["page.limit", { limit: -1 }],
  ["page.limit", { limit: Number.NaN }],
  ["page.limit", { limit: 1.5 }],
  ["page.limit", { limit: "5" }],
  ["page.maxBytes", { maxBytes: 0 }],
  ["page.order", { order: "up" }],
  ["page.lmit", { lmit: 5 }],
  ["page.where", { where: "active" }],
  ["page.where.version", { where: { version: Number.NaN } }],
  ["page.where.status", { where: { name: undefined, status: { of: "active" } } }],
  ["page.where.status", { where: { status: "\ud800" } }],
])("a page with a bad %s is refused by name: %j", async (field, page) => {
  const reader = readerOf(productCatalog);
  for (const read of [
    () => reader.list("byName", "all", page as object),
    () => reader.eventRows("p-1", page as object),
    () => reader.sharedRows("c-1", page as object),
  ])
    await expect(read()).rejects.toMatchObject({ code: "INVALID_ARGUMENT", field });
});
