import { describe, expect, test } from "@jest/globals";
import { categoryTree, queryCategoryTree } from "../../../projections/category-tree.ts";
import { productCatalog } from "../../../projections/product-catalog.ts";
import { productPriceHistory } from "../../../projections/product-price-history.ts";
import { sortable } from "../../../src/projector/index.ts";
import { type GivenEvent, projecting } from "../../../src/testing.ts";

const usd = (amount: number) => ({ amount, currency: "USD" });
const now = "2026-01-01T00:00:00.000Z";
const created = (entityId: string, amount: number, categoryId: string | null): GivenEvent => ({
  entityId,
  aggregateType: "Product",
  eventType: "ProductCreated",
  eventData: { name: entityId, description: "", price: usd(amount), categoryId },
});
const priced = (entityId: string, amount: number, before: number): GivenEvent => ({
  entityId,
  aggregateType: "Product",
  eventType: "PriceUpdated",
  eventData: { price: usd(amount), previousPrice: usd(before) },
});
const category = (entityId: string, parentId: string | null): GivenEvent => ({
  entityId,
  aggregateType: "Category",
  eventType: "CategoryCreated",
  eventData: { name: entityId, parentId },
});

test("the catalog shows a product's newest state", async () => {
  await projecting(productCatalog)
    .given([created("p-1", 100, "c"), priced("p-1", 150, 100)])
    .projects({
      productId: "p-1",
      status: "active",
      name: "p-1",
      description: "",
      price: usd(150),
      categoryId: "c",
      createdAt: now,
      updatedAt: now,
    });
});

test("the price history has one row a price", async () => {
  const row = (sequenceNumber: number, amount: number, previousPrice: object | null) => ({
    productId: "p-1",
    sequenceNumber,
    price: usd(amount),
    previousPrice,
    changedAt: now,
    changedBy: "ann",
  });
  await projecting(productPriceHistory)
    .given([created("p-1", 100, null), priced("p-1", 150, 100)])
    .projects([row(1, 100, null), row(2, 150, usd(100))]);
});

describe("the category tree", () => {
  const place = (categoryId: string, amount: number, isCounted = true) => ({
    kind: "place",
    categoryId,
    price: usd(amount),
    isCounted,
  });

  test("counts products where they are, whatever order entities arrive in", async () => {
    const history = [
      category("food", null),
      created("p-1", 100, "food"),
      created("p-2", 300, "food"),
      priced("p-1", 200, 100),
      { ...created("p-2", 300, "food"), eventType: "ProductDiscontinued", eventData: { reason: "x" } },
    ];
    const expected = {
      "categories/food": {
        kind: "category",
        categoryId: "food",
        name: "food",
        parentId: null,
        status: "active",
        products: 1,
        prices: { USD: { sum: 200, count: 1 } },
      },
      "place#p-1/p-1": place("food", 200),
      "place#p-2/p-2": place("food", 300, false),
    };
    await projecting(categoryTree).given(history).projects(expected);
    const [food, ...products] = history;
    await expect(
      projecting(categoryTree)
        .given([...products, food as GivenEvent])
        .projects(expected),
    ).resolves.toBeUndefined();
  });

  test("adds up what is below, also where parents lead in a circle", async () => {
    const row = (categoryId: string, parentId: string | null, products: number, sum: number) => ({
      kind: "category" as const,
      categoryId,
      name: categoryId,
      parentId,
      status: "active" as const,
      products,
      prices: products === 0 ? {} : { USD: { sum, count: products } },
    });
    const rows = [
      row("all", null, 0, 0),
      row("food", "all", 1, 100),
      row("tea", "food", 2, 500),
      row("x", "y", 1, 7),
      row("y", "x", 1, 9),
    ];
    const reader = { sharedRows: async () => ({ rows, cursor: undefined }) };
    const { categories: tree } = await queryCategoryTree(reader as never);
    expect(
      tree.map(({ categoryId, productsBelow, averagePrices, children }) => [
        categoryId,
        productsBelow,
        averagePrices,
        children,
      ]),
    ).toEqual([
      ["all", 3, { USD: 200 }, ["food"]],
      ["food", 3, { USD: 200 }, ["tea"]],
      ["tea", 2, { USD: 250 }, []],
      ["x", 2, { USD: 8 }, ["y"]],
      ["y", 2, { USD: 8 }, ["x"]],
    ]);
  });
});

test("a number sorts as text, and one that would not is refused", () => {
  expect([...[10, 2, 0, 300].map(sortable)].sort()).toEqual([0, 2, 10, 300].map(sortable));
  for (const value of [-1, 1.5, Number.NaN, 1e21])
    expect(() => sortable(value)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", value }));
});
