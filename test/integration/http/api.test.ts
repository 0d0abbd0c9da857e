import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { DynamoDBEventStore } from "../../../src/event-store/dynamodb/index.ts";
import { createApp, type RequestLine } from "../../../src/http/index.ts";
import { queries } from "../../../src/product/queries.ts";
import { productService } from "../../../src/product/service.ts";
import { createRowReader, type Projector, readStatus } from "../../../src/projector/dynamodb/index.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { openProjector } from "../../support/projecting.ts";
import { openStore } from "../../support/store.ts";

const { projections } = productService;
const aggregates = Object.values(productService.aggregates);

let engine: TestEngine;
let app: ReturnType<typeof createApp>;
let projector: Projector;
let store: DynamoDBEventStore;
const lines: RequestLine[] = [];
beforeAll(async () => {
  engine = await startTestEngine();
  projector = openProjector(engine);
  store = openStore(engine, { aggregates });
  let ids = 0;
  app = createApp(productService, queries, {
    store,
    rows: (projection) => createRowReader(projector.context.table, projector.generations, projection),
    status: () => readStatus({ table: projector.context.table, store, projections, clock: () => new Date() }),
    cachedEntities: 100,
    clock: () => new Date(),
    newId: () => `made-${++ids}`,
    identify: (_env, headers) => headers.get("x-user-id") ?? undefined,
    log: (line) => lines.push(line),
    pause: async () => undefined,
  });
});
afterAll(() => engine.stop());
beforeEach(() => void lines.splice(0));

// biome-ignore lint/suspicious/noExplicitAny: a JSON body, whose expected form each test states
type Answer = { status: number; headers: Headers; body: any };

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const init = {
    method,
    headers: { "content-type": "application/json", "x-user-id": "ann", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const response = await app.request(path, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
}
const usd = (amount: number) => ({ amount, currency: "USD" });

/** Brings the read models up to what is stored, as the table stream would. */
async function project(...entityIds: string[]): Promise<void> {
  for (const entityId of entityIds) {
    const events = await store.getEvents(entityId);
    await projector.project([{ entityId, upTo: events.length, events }]);
  }
}

describe("lists of products", () => {
  const names = ["Apple", "banana", "Cherry", "date", "Elder"];
  beforeAll(async () => {
    for (const [index, name] of names.entries()) {
      const productId = `list-${index}`;
      await call("POST", "/products", {
        productId,
        name,
        price: usd(100 - index),
        categoryId: index < 3 ? "fruit" : "other",
      });
    }
    await call("POST", "/products/list-1/discontinue", { reason: "x" });
    await project(...names.map((_, index) => `list-${index}`));
  });
  const list = async (query: string) => {
    const { body } = await call("GET", `/products?${query}`);
    return body.rows.map(({ name }: { name: string }) => name);
  };

  test("by name, by price, in a category, by status, in both directions", async () => {
    expect(await list("")).toEqual(names);
    expect(await list("sort=-name")).toEqual([...names].reverse());
    expect(await list("sort=price")).toEqual([...names].reverse());
    expect(await list("category=fruit")).toEqual(["Apple", "banana", "Cherry"]);
    expect(await list("category=fruit&sort=price")).toEqual(["Cherry", "banana", "Apple"]);
    expect(await list("status=discontinued")).toEqual(["banana"]);
    expect(await list("category=fruit&status=active&sort=-price")).toEqual(["Apple", "Cherry"]);
    expect(await list("category=nothing")).toEqual([]);
  });

  test("page by cursors, which serve the query that gave them and no other", async () => {
    const seen: string[] = [];
    let cursor = "";
    do {
      const { body } = await call("GET", `/products?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.rows.map(({ name }: { name: string }) => name));
      cursor = body.cursor ?? "";
    } while (cursor);
    expect(seen).toEqual(names);
    const { body } = await call("GET", "/products?limit=2&category=fruit");
    for (const query of [
      "limit=2",
      "limit=2&category=other",
      "limit=2&category=fruit&sort=price",
      "limit=2&category=fruit&status=active",
    ]) {
      expect(await call("GET", `/products?${query}&cursor=${body.cursor}`)).toMatchObject({
        status: 400,
        body: { detail: expect.stringContaining("cursor") },
      });
    }
    const [digest, ...place] = JSON.parse(Buffer.from(body.cursor, "base64url").toString());
    const forged = Buffer.from(JSON.stringify([digest, ...place.slice(0, -2), "list-4", "row"])).toString("base64url");
    const rows = (await call("GET", `/products?limit=2&category=fruit&cursor=${forged}`)).body.rows;
    expect(rows.every(({ categoryId }: { categoryId: string }) => categoryId === "fruit")).toBe(true);
  });
});

test("reading your own write waits, bounded, and says 409 and when to ask again", async () => {
  await call("POST", "/products", { productId: "own-1", name: "Own", price: usd(1) });
  const behind = await call("GET", "/products/own-1?atLeastVersion=1");
  expect([behind.status, behind.headers.get("retry-after"), behind.body.detail]).toEqual([
    409,
    "1",
    expect.stringContaining("version 0 and version 1 was asked for"),
  ]);
  await project("own-1");
  expect((await call("GET", "/products/own-1?atLeastVersion=1")).status).toBe(200);
  await call("POST", "/products/own-1/change-price", { price: usd(2) });
  await project("own-1");
  expect((await call("GET", "/products/own-1?atLeastVersion=2")).body).toMatchObject({ version: 2, price: usd(2) });
  expect((await call("GET", "/products/own-1/price-history?atLeastVersion=3")).status).toBe(409);
  expect(
    (await call("GET", "/products/own-1/price-history?order=descending")).body.rows.map(
      ({ sequenceNumber }: { sequenceNumber: number }) => sequenceNumber,
    ),
  ).toEqual([2, 1]);
});

test("answers carry an ETag, and 304 when nothing changed", async () => {
  await call("POST", "/products", { productId: "tag-1", name: "Tag", price: usd(1) });
  await project("tag-1");
  const { headers } = await call("GET", "/products/tag-1");
  expect(headers.get("etag")).toBe('"1"');
  expect((await call("GET", "/products/tag-1", undefined, { "if-none-match": '"1"' })).status).toBe(304);
  const listed = await call("GET", "/products?limit=1");
  expect(
    (await call("GET", "/products?limit=1", undefined, { "if-none-match": String(listed.headers.get("etag")) })).status,
  ).toBe(304);
});

test("a create without an id is recognised by its Idempotency-Key", async () => {
  const body = { name: "Twice", price: usd(5) };
  const first = await call("POST", "/products", body, { "idempotency-key": "create-1" });
  const again = await call("POST", "/products", body, { "idempotency-key": "create-1" });
  expect([first.status, again.status, again.body.repeated]).toEqual([201, 201, true]);
  expect(again.body.entityId).toBe(first.body.entityId);
  expect(
    (await call("POST", "/products", body, { "idempotency-key": "create-1", "x-user-id": "bob" })).body.entityId,
  ).not.toBe(first.body.entityId);
});

test("correlation and causation travel from the request into the event", async () => {
  const links = { "x-correlation-id": "corr-7", "x-causation-id": "event-6" };
  await call("POST", "/products", { productId: "linked", name: "Linked", price: usd(1) }, links);
  expect(await store.getEvents("linked")).toMatchObject([
    { correlationId: "corr-7", causationId: "event-6", userId: "ann" },
  ]);
});

test("the category tree counts what is below, and a user's activity is newest first", async () => {
  await call("POST", "/categories", { categoryId: "drinks", name: "Drinks" }, { "x-user-id": "eve" });
  await call("POST", "/categories", { categoryId: "tea", name: "Tea", parentId: "drinks" }, { "x-user-id": "eve" });
  await call("POST", "/products", { productId: "green", name: "Green", price: usd(300), categoryId: "tea" });
  await call("POST", "/products", { productId: "water", name: "Water", price: usd(100), categoryId: "drinks" });
  await project("drinks", "tea", "green", "water");
  const { categories } = (await call("GET", "/categories")).body;
  const drinks = categories.find(({ categoryId }: { categoryId: string }) => categoryId === "drinks");
  expect(drinks).toMatchObject({ products: 1, productsBelow: 2, averagePrices: { USD: 200 }, children: ["tea"] });
  const { rows } = (await call("GET", "/users/eve/activity", undefined, { "x-user-id": "eve" })).body;
  expect(rows.map(({ did, entityId }: Record<string, string>) => [did, entityId])).toEqual([
    ["CategoryCreated", "tea"],
    ["CategoryCreated", "drinks"],
  ]);
});

test("somebody unknown is refused, and a body that is too large", async () => {
  const anonymous = await app.request("/products", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "x", price: usd(1) }),
  });
  expect(anonymous.status).toBe(401);
  const huge = await call("POST", "/products", { name: "x", price: usd(1), description: "x".repeat(600_000) });
  expect(huge).toMatchObject({ status: 413, body: { title: "Too large" } });
});

test("projections tell how far they are", async () => {
  await call("POST", "/products", { productId: "late-1", name: "Late", price: usd(1) });
  const { body } = await call("GET", "/projections");
  const catalog = body.projections.find(({ projection }: { projection: string }) => projection === "product-catalog");
  expect(catalog).toMatchObject({ version: 1, servingGeneration: 1, parked: 0, isFloor: false });
  expect(catalog.eventsBehind).toBeGreaterThanOrEqual(1);
  expect(lines.at(-1)).toMatchObject({ method: "GET", path: "/projections", status: 200 });
});

describe("answers that would be too large", () => {
  const MOST = 6_291_556;
  const asLambdaAnswers = ({ body }: Answer) =>
    Buffer.byteLength(JSON.stringify({ statusCode: 200, body: JSON.stringify(body), isBase64Encoded: false }));

  test("events come in pages of bytes, and nextFrom says where to go on", async () => {
    for (let n = 0; n < 60; n += 1)
      await store.appendEvent("Blob", "blob", "BlobAdded", { text: '"é'.repeat(50_000), n }, "ann", "c-1", n);
    const seen: number[] = [];
    for (let from: number | undefined = 1; from !== undefined; ) {
      const answer: Answer = await call("GET", `/entities/blob/events?from=${from}&limit=1000`);
      expect(answer.status).toBe(200);
      expect(asLambdaAnswers(answer)).toBeLessThan(MOST);
      seen.push(...answer.body.events.map((event: { sequenceNumber: number }) => event.sequenceNumber));
      from = answer.body.nextFrom;
    }
    expect(seen).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
  });

  test("categories come a page at a time, and by subtree", async () => {
    await call("POST", "/categories", { categoryId: "paged", name: "Paged" });
    for (const id of ["a", "b", "c"])
      await call("POST", "/categories", { categoryId: `paged-${id}`, name: id, parentId: "paged" });
    await project("paged", "paged-a", "paged-b", "paged-c");
    const first = await call("GET", "/categories?root=paged&limit=3");
    expect(first.body.categories.map(({ categoryId }: { categoryId: string }) => categoryId)).toEqual([
      "paged",
      "paged-a",
      "paged-b",
    ]);
    const second = await call("GET", `/categories?root=paged&limit=3&cursor=${first.body.cursor}`);
    expect(second.body).toMatchObject({ categories: [{ categoryId: "paged-c" }] });
    expect(second.body.cursor).toBeUndefined();
    for (const query of [`cursor=${first.body.cursor}`, "root=paged&cursor=zz!!", "root=paged&cursor=cGFnZWQ"])
      expect(await call("GET", `/categories?${query}`)).toMatchObject({
        status: 400,
        body: { detail: expect.stringContaining("cursor") },
      });
  });
});

describe("ids of any length", () => {
  test.each([
    ["/products/", 2_040, 404],
    ["/products/", 2_048, 404],
    ["/products/", 2_049, 400],
    ["/entities/", 2_048, 404],
    ["/entities/", 3_000, 400],
    ["/users/", 1_900, 200],
    ["/users/", 2_048, 400],
  ])("%s with %d characters answers %d", async (path, length, status) => {
    const ends: Record<string, string> = { "/entities/": "/events", "/users/": "/activity" };
    const id = "x".repeat(length);
    const answer = await call("GET", `${path}${id}${ends[path] ?? ""}`, undefined, { "x-user-id": id });
    expect(answer.status).toBe(status);
  });

  test("a length is counted in bytes", async () => {
    expect((await call("GET", `/products/${encodeURIComponent("é".repeat(1_024))}`)).status).toBe(404);
    expect((await call("GET", `/products/${encodeURIComponent("é".repeat(1_025))}`)).status).toBe(400);
  });
});
