import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { categoryTree } from "../../../projections/category-tree.ts";
import { productCatalog } from "../../../projections/product-catalog.ts";
import { productPriceHistory } from "../../../projections/product-price-history.ts";
import { userActivity } from "../../../projections/user-activity.ts";
import type { Projection } from "../../../src/definition/index.ts";
import { createTables } from "../../../src/local/tables.ts";
import { productService } from "../../../src/product/service.ts";
import { createRowReaders } from "../../../src/projector/dynamodb/index.ts";
import type { Page, PageRequest, RowReader } from "../../../src/projector/index.ts";
import { inMemory } from "../../../src/testing.ts";
import { documents, READ_MODELS, serviceDefinition, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { batchOf, openProjector } from "../../support/projecting.ts";

const RUNS = 12;

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const price = fc.record({ amount: fc.integer({ min: 0, max: 50 }), currency: fc.constantFrom("USD", "EUR") });
const name = fc.constantFrom("tea", "Tea", "é", "𝒳", "zoo", "a b");
const categoryId = fc.constantFrom("c-1", "c-2", null);
const product = fc.oneof(
  fc.record({ type: fc.constant("CreateProduct" as const), data: fc.record({ name, price, categoryId }) }),
  fc.record({ type: fc.constant("RenameProduct" as const), data: fc.record({ name }) }),
  fc.record({ type: fc.constant("ChangePrice" as const), data: fc.record({ price }) }),
  fc.record({ type: fc.constant("MoveProduct" as const), data: fc.record({ categoryId }) }),
  fc.record({ type: fc.constant("DiscontinueProduct" as const), data: fc.constant({ reason: "x" }) }),
);
const category = fc.oneof(
  fc.record({ type: fc.constant("CreateCategory" as const), data: fc.record({ name, parentId: categoryId }) }),
  fc.record({ type: fc.constant("MoveCategory" as const), data: fc.record({ parentId: categoryId }) }),
  fc.record({ type: fc.constant("ArchiveCategory" as const), data: fc.constant({}) }),
);
const program = fc.record({
  products: fc.array(fc.tuple(fc.nat(4), product), { minLength: 10, maxLength: 60 }),
  categories: fc.array(fc.tuple(fc.constantFrom("c-1", "c-2"), category), { maxLength: 8 }),
});

type Read = (reader: RowReader<unknown>, page: PageRequest) => Promise<Page<unknown>>;

const readings: readonly (readonly [Projection, Read])[] = [
  [productCatalog, (reader, page) => reader.list("byName", "all", page)],
  [productCatalog, (reader, page) => reader.list("byPrice", "all", { ...page, where: { status: "active" } as object })],
  [productCatalog, (reader, page) => reader.list("inCategoryByName", "c-1", page)],
  [productPriceHistory, (reader, page) => reader.eventRows("p-1", page)],
  [categoryTree, (reader, page) => reader.sharedRows("categories", page)],
  [userActivity, (reader, page) => reader.list("byUser", "ann", page)],
];

async function pagesOf(reader: RowReader<unknown>, read: (cursor: string | undefined) => Promise<Page<unknown>>) {
  const pages: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    if (page.rows.length > 0) pages.push(page.rows);
    cursor = page.cursor;
  } while (cursor);
  return { pages, checkpoint: await reader.checkpoint("p-1") };
}

test("random histories give the same rows, lists and pages in memory as from the table", async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(program, async ({ products, categories }) => {
      runs += 1;
      const shop = inMemory(productService);
      const rejected = () => undefined;
      for (const [n, command] of products) await shop.handle("Product", `p-${n}`, command).catch(rejected);
      for (const [id, command] of categories) await shop.handle("Category", id, command).catch(rejected);
      await shop.settled();

      const table = await tableNamed(`Rows-${runs}`);
      const projector = openProjector(engine, { readModelsTable: table, store: shop.store });
      const { events } = await shop.store.scanEvents({ segment: 0, segments: 1 });
      await projector.project(batchOf(events.flatMap(({ event }) => event ?? [])));
      const stored = createRowReaders({ client: documents(engine.client), name: table });

      for (const [projection, read] of readings)
        for (const limit of [1, 3, 50])
          for (const order of ["ascending", "descending"] as const) {
            const readers = [stored, shop.rows].map((rows) => rows(projection) as RowReader<unknown>);
            const [fromTable, fromMemory] = await Promise.all(
              readers.map((reader) => pagesOf(reader, (cursor) => read(reader, { limit, order, cursor }))),
            );
            expect({ name: projection.name, ...fromMemory }).toEqual({ name: projection.name, ...fromTable });
          }
      for (const rows of [stored, shop.rows]) {
        await expect((rows(productCatalog) as RowReader<unknown>).list("byNam", "all")).rejects.toMatchObject({
          code: "INVALID_ARGUMENT",
        });
        await expect(rows(productCatalog).list("byName", "all", { limit: 0 })).rejects.toMatchObject({
          field: "page.limit",
        });
        await expect(
          rows(productCatalog).list("byName", "all", { where: { version: Number.NaN } as object }),
        ).rejects.toMatchObject({ field: "page.where.version" });
        await expect(rows(productCatalog).list("byName", "all", { cursor: "x" })).rejects.toMatchObject({
          code: "INVALID_CURSOR",
        });
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
}, 180_000);

/** A table of read models of its own. */
async function tableNamed(name: string): Promise<string> {
  const readModels = serviceDefinition().tables.filter(({ logicalId }) => logicalId === "ReadModelsTable");
  await createTables(engine.client, JSON.parse(JSON.stringify(readModels).replaceAll(READ_MODELS, name)));
  return name;
}
