import * as z from "zod";
import { acrossEntities, type RowKey, type Rows } from "../src/definition/index.ts";
import { category } from "../src/product/category.ts";
import { type Money, money } from "../src/product/money.ts";
import { product } from "../src/product/product.ts";
import { decodeCursor, encodeCursor, MAX_PAGE_BYTES, type RowReaderOf } from "../src/projector/index.ts";

const categoryRow = z.strictObject({
  kind: z.literal("category"),
  categoryId: z.string(),
  /** Null while only products or children have named the category. */
  name: z.string().nullable(),
  parentId: z.string().nullable(),
  status: z.enum(["unknown", "active", "archived"]),
  /** Active products in the category itself. */
  products: z.int(),
  /** Sum and count by currency, from which the average is taken when it is asked for. */
  prices: z.record(z.string(), z.strictObject({ sum: z.number(), count: z.int() })),
});
export type CategoryRow = z.infer<typeof categoryRow>;

/** Where a product counts at the moment, so that it can be taken out there when it moves. */
const placeRow = z.strictObject({
  kind: z.literal("place"),
  categoryId: z.string().nullable(),
  price: money,
  isCounted: z.boolean(),
});
type PlaceRow = z.infer<typeof placeRow>;
type TreeRow = CategoryRow | PlaceRow;

/** Categories with what counts in each. Counts of what is below are added up when the tree is queried. */
export const categoryTree = acrossEntities({
  name: "category-tree",
  of: [category, product],
  row: z.discriminatedUnion("kind", [categoryRow, placeRow]),
  on: {
    Category: {
      CategoryCreated: (rows, { entityId, eventData: { name, parentId } }) =>
        changeCategory(rows, entityId, { name, parentId, status: "active" }),
      CategoryRenamed: (rows, { entityId, eventData: { name } }) => changeCategory(rows, entityId, { name }),
      CategoryMoved: (rows, { entityId, eventData: { parentId } }) => changeCategory(rows, entityId, { parentId }),
      CategoryArchived: (rows, { entityId }) => changeCategory(rows, entityId, { status: "archived" }),
    },
    Product: {
      ProductCreated: (rows, { entityId, eventData: { categoryId, price } }) =>
        changePlace(rows, entityId, () => ({ kind: "place", categoryId, price, isCounted: true })),
      ProductMoved: (rows, { entityId, eventData: { categoryId } }) =>
        changePlace(rows, entityId, (place) => place && { ...place, categoryId }),
      PriceUpdated: (rows, { entityId, eventData: { price } }) =>
        changePlace(rows, entityId, (place) => place && { ...place, price }),
      ProductDiscontinued: (rows, { entityId }) =>
        changePlace(rows, entityId, (place) => place && { ...place, isCounted: false }),
    },
  },
  needs(event) {
    if (event.aggregateType === "Category") return [categoryAt(event.entityId)];
    const categoryId = "categoryId" in event.eventData ? event.eventData.categoryId : null;
    return [placeAt(event.entityId), ...(categoryId === null ? [] : [categoryAt(categoryId)])];
  },
});

async function changeCategory(rows: Rows<TreeRow>, categoryId: string, change: Partial<CategoryRow>): Promise<void> {
  rows.set(categoryAt(categoryId), { ...(await readCategory(rows, categoryId)), ...change });
}

/** Takes a product out of the category where it counted, and counts it where it is now. */
async function changePlace(
  rows: Rows<TreeRow>,
  productId: string,
  change: (place: PlaceRow | undefined) => PlaceRow | undefined,
): Promise<void> {
  const row = await rows.get(placeAt(productId));
  const before = row?.kind === "place" ? row : undefined;
  const after = change(before);
  await count(rows, before, -1);
  await count(rows, after, 1);
  if (after) rows.set(placeAt(productId), after);
}

async function count(rows: Rows<TreeRow>, place: PlaceRow | undefined, by: 1 | -1): Promise<void> {
  if (!place?.isCounted || place.categoryId === null) return;
  const row = await readCategory(rows, place.categoryId);
  const prices = addPrice(row.prices, place.price, by);
  rows.set(categoryAt(place.categoryId), { ...row, products: row.products + by, prices });
}

async function readCategory(rows: Rows<TreeRow>, categoryId: string): Promise<CategoryRow> {
  const row = await rows.get(categoryAt(categoryId));
  if (row?.kind === "category") return row;
  return { kind: "category", categoryId, name: null, parentId: null, status: "unknown", products: 0, prices: {} };
}

function addPrice(prices: CategoryRow["prices"], { amount, currency }: Money, by: 1 | -1): CategoryRow["prices"] {
  const { sum = 0, count = 0 } = prices[currency] ?? {};
  const next = { sum: sum + by * amount, count: count + by };
  const { [currency]: _, ...others } = prices;
  return next.count === 0 ? others : { ...others, [currency]: next };
}

const CATEGORIES = "categories";
const categoryAt = (categoryId: string): RowKey => ({ partition: CATEGORIES, key: categoryId });
const placeAt = (productId: string): RowKey => ({ partition: `place#${productId}`, key: productId });

export interface CategoryNode extends Omit<CategoryRow, "kind" | "prices"> {
  /** Active products here and in every category below. */
  readonly productsBelow: number;
  /** Minor units by currency, here and below; rounded to the nearest unit. */
  readonly averagePrices: Readonly<Record<string, number>>;
  /** The first thousand of them; `root` pages through all. */
  readonly children: readonly string[];
  readonly childCount: number;
}

/** Which categories are asked for. */
export interface CategoryQuery {
  /** Only this category and what is below it. Default: all. */
  readonly root?: string | undefined;
  /** 1 to 1,000. Default 500. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Categories in the order of their ids. */
export interface CategoryPage {
  readonly categories: readonly CategoryNode[];
  /** Undefined on the last page. */
  readonly cursor?: string | undefined;
}

type TreeReader = RowReaderOf<typeof categoryTree>;

const DEFAULT_LIMIT = 500;
const MAX_CHILDREN = 1_000;

/**
 * A page of categories, each with its children and what counts below it. Reads all of them, once.
 *
 * @throws {InvalidCursorError} for a cursor of another query
 */
export async function queryCategoryTree(reader: TreeReader, query: CategoryQuery = {}): Promise<CategoryPage> {
  const { root, limit = DEFAULT_LIMIT, cursor } = query;
  const rows = await readAll(reader);
  const tree = new Map(
    rows.map((row): [string, Branch] => [row.categoryId, { row, children: [], below: ownTotal(row) }]),
  );
  for (const branch of tree.values()) tree.get(branch.row.parentId ?? "")?.children.push(branch);
  addUp(tree);
  const wanted = root === undefined ? [...tree.values()] : subtree(tree.get(root));
  const asked = JSON.stringify(["category-tree", root ?? null]);
  const [after] = cursor === undefined ? [] : decodeCursor(asked, cursor, 1);
  const sorted = wanted.sort((a, b) => (a.row.categoryId < b.row.categoryId ? -1 : 1));
  const rest = after === undefined ? sorted : sorted.filter(({ row }) => row.categoryId > after);
  const page = fitting(rest.slice(0, limit).map(nodeOf));
  const last = page.at(-1)?.categoryId;
  const hasMore = page.length < rest.length && last !== undefined;
  return { categories: page, ...(hasMore ? { cursor: encodeCursor(asked, [last]) } : {}) };
}

async function readAll(reader: TreeReader): Promise<CategoryRow[]> {
  const all: TreeRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await reader.sharedRows(CATEGORIES, { limit: 1_000, cursor });
    for (const row of page.rows) all.push(row);
    cursor = page.cursor;
  } while (cursor);
  return all.filter((row) => row.kind === "category");
}

/** Products and prices of some categories together. */
interface Total {
  products: number;
  readonly prices: Map<string, { sum: number; count: number }>;
}

/** A category with its children and what counts in it and below. */
interface Branch {
  readonly row: CategoryRow;
  readonly children: Branch[];
  below: Total;
}

const ownTotal = ({ products, prices }: CategoryRow): Total => ({
  products,
  prices: new Map(Object.entries(prices).map(([currency, price]) => [currency, { ...price }])),
});

function add(to: Total, { products, prices }: Total): void {
  to.products += products;
  for (const [currency, { sum, count }] of prices) {
    const known = to.prices.get(currency) ?? { sum: 0, count: 0 };
    to.prices.set(currency, { sum: known.sum + sum, count: known.count + count });
  }
}

/** Adds every category to the one above it, from the leaves up. Categories whose parents lead in a circle share one total. */
function addUp(tree: ReadonlyMap<string, Branch>): void {
  const waiting = new Map([...tree.values()].map((branch) => [branch, branch.children.length]));
  const ready = [...waiting].flatMap(([branch, children]) => (children === 0 ? [branch] : []));
  for (let branch = ready.pop(); branch; branch = ready.pop()) {
    waiting.delete(branch);
    const parent = tree.get(branch.row.parentId ?? "");
    if (!parent) continue;
    add(parent.below, branch.below);
    const left = (waiting.get(parent) ?? 0) - 1;
    waiting.set(parent, left);
    if (left === 0) ready.push(parent);
  }
  for (const branch of waiting.keys()) shareCircle(tree, branch, waiting);
}

function shareCircle(tree: ReadonlyMap<string, Branch>, start: Branch, waiting: Map<Branch, number>): void {
  const total: Total = { products: 0, prices: new Map() };
  for (let branch: Branch | undefined = start; branch && waiting.delete(branch); ) {
    add(total, branch.below);
    branch.below = total;
    branch = tree.get(branch.row.parentId ?? "");
  }
}

/** A category and everything below it, each once. */
function subtree(root: Branch | undefined): Branch[] {
  const found = new Set(root ? [root] : []);
  for (const branch of found) for (const child of branch.children) found.add(child);
  return [...found];
}

function nodeOf({ row, children, below }: Branch): CategoryNode {
  const { kind: _, prices: __, ...shown } = row;
  const averages = [...below.prices].map(([currency, { sum, count }]) => [currency, Math.round(sum / count)] as const);
  return {
    ...shown,
    productsBelow: below.products,
    averagePrices: Object.fromEntries(averages),
    children: children.slice(0, MAX_CHILDREN).map((child) => child.row.categoryId),
    childCount: children.length,
  };
}

/** The first nodes that an answer has room for. */
function fitting(nodes: readonly CategoryNode[]): CategoryNode[] {
  let bytes = 0;
  const end = nodes.findIndex((node, index) => {
    bytes += Buffer.byteLength(JSON.stringify(node));
    return index > 0 && bytes > MAX_PAGE_BYTES;
  });
  return nodes.slice(0, end === -1 ? undefined : end);
}
