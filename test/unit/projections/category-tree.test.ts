import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type CategoryRow, queryCategoryTree } from "../../../projections/category-tree.ts";

const row = (categoryId: string, parentId: string | null, amounts: readonly number[] = []): CategoryRow => ({
  kind: "category",
  categoryId,
  name: categoryId,
  parentId,
  status: "active",
  products: amounts.length,
  prices: amounts.length === 0 ? {} : { USD: { sum: amounts.reduce((a, b) => a + b), count: amounts.length } },
});

const reader = (rows: readonly CategoryRow[]) =>
  ({
    sharedRows: async (_: string, { limit = 50, cursor = "0" }: { limit?: number; cursor?: string }) => {
      const end = Number(cursor) + limit;
      return { rows: rows.slice(Number(cursor), end), cursor: end < rows.length ? String(end) : undefined };
    },
  }) as never;

/** Every category at and below one, each once, by following children. */
function below(rows: readonly CategoryRow[], id: string): CategoryRow[] {
  const found = new Set(rows.filter(({ categoryId }) => categoryId === id));
  for (const one of found) for (const child of rows) if (child.parentId === one.categoryId) found.add(child);
  return [...found];
}

test("counts and averages are those of everything below, whatever the shape: forests, circles, parents that are not there", async () => {
  const shape = fc.array(
    fc.record({
      parent: fc.option(fc.integer({ min: 0, max: 14 })),
      prices: fc.array(fc.integer({ min: 0, max: 999 }), { maxLength: 3 }),
    }),
    {
      minLength: 1,
      maxLength: 14,
    },
  );
  await fc.assert(
    fc.asyncProperty(shape, async (made) => {
      const rows = made.map(({ parent, prices }, n) => row(`c-${n}`, parent === null ? null : `c-${parent}`, prices));
      const { categories } = await queryCategoryTree(reader(rows));
      for (const node of categories) {
        const all = below(rows, node.categoryId);
        const products = all.reduce((sum, one) => sum + one.products, 0);
        const sum = all.reduce((total, { prices }) => total + (prices.USD?.sum ?? 0), 0);
        expect(node).toMatchObject({
          productsBelow: products,
          averagePrices: products === 0 ? {} : { USD: Math.round(sum / products) },
          children: rows.filter(({ parentId }) => parentId === node.categoryId).map(({ categoryId }) => categoryId),
        });
      }
    }),
  );
});

describe("a large tree", () => {
  const wide = (count: number) => [
    row("c", null),
    ...Array.from({ length: count }, (_, n) => row(`c-${String(n).padStart(6, "0")}`, "c", [n])),
  ];
  const deep = (count: number) =>
    Array.from({ length: count }, (_, n) =>
      row(`c-${String(n).padStart(6, "0")}`, n === 0 ? null : `c-${String(n - 1).padStart(6, "0")}`, [n]),
    );
  const costOf = async (rows: readonly CategoryRow[]) => {
    const before = process.cpuUsage();
    await queryCategoryTree(reader(rows), { limit: 1_000 });
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };

  test.each([
    ["wide", wide],
    ["deep", deep],
  ])("that is %s costs what it has categories", async (_, make) => {
    await costOf(make(2_000));
    expect((await costOf(make(40_000))) / (await costOf(make(5_000)))).toBeLessThan(24);
  });

  test("comes in pages, each category once, and by subtree", async () => {
    const rows = wide(2_345);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await queryCategoryTree(reader(rows), { limit: 500, cursor });
      seen.push(...page.categories.map(({ categoryId }) => categoryId));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(rows.map(({ categoryId }) => categoryId));
    const { categories } = await queryCategoryTree(reader(deep(50)), { root: "c-000047" });
    expect(categories.map(({ categoryId }) => categoryId)).toEqual(["c-000047", "c-000048", "c-000049"]);
    expect(await queryCategoryTree(reader(rows), { root: "nowhere" })).toEqual({ categories: [] });
  });

  test("never comes to more than Lambda answers in one page", async () => {
    const long = Array.from({ length: 40_000 }, (_, n) => row(`${String(n).padStart(6, "0")}${"x".repeat(110)}`, "c"));
    const { categories, cursor } = await queryCategoryTree(reader([row("c", null), ...long]), { limit: 1_000 });
    const body = JSON.stringify({ categories, cursor });
    expect(categories.length).toBeLessThanOrEqual(1_000);
    expect(Buffer.byteLength(JSON.stringify({ body }))).toBeLessThan(6_291_556);
  });
});
