import type { StoredEvent } from "../src/event-store/index.ts";
import type { CategoryEvent, Money, ProductEvent } from "../src/product/index.ts";
import {
  defineProjection,
  type RowKey,
  type RowReader,
  type Rows,
  type RowsAcrossEntities,
} from "../src/projector/index.ts";

/** Sum and count by currency, from which the average is taken when it is asked for. */
type Prices = Readonly<Record<string, { readonly sum: number; readonly count: number }>>;

export interface CategoryRow {
  readonly kind: "category";
  readonly categoryId: string;
  /** Null while only products or children have named the category. */
  readonly name: string | null;
  readonly parentId: string | null;
  readonly status: "unknown" | "active" | "archived";
  /** Active products in the category itself. */
  readonly products: number;
  readonly prices: Prices;
}

/** Where a product counts at the moment, so that it can be taken out there when it moves. */
interface PlaceRow {
  readonly kind: "place";
  readonly categoryId: string | null;
  readonly price: Money;
  readonly isCounted: boolean;
}

type TreeRow = CategoryRow | PlaceRow;
type TreeEvent = StoredEvent & (CategoryEvent | ProductEvent);

const CATEGORIES = "categories";
const categoryAt = (categoryId: string): RowKey => ({ partition: CATEGORIES, key: categoryId });
const placeAt = (productId: string): RowKey => ({ partition: `place#${productId}`, key: productId });

async function readCategory(rows: Rows<TreeRow>, categoryId: string): Promise<CategoryRow> {
  const row = await rows.get(categoryAt(categoryId));
  if (row?.kind === "category") return row;
  return { kind: "category", categoryId, name: null, parentId: null, status: "unknown", products: 0, prices: {} };
}

function addPrice(prices: Prices, { amount, currency }: Money, by: 1 | -1): Prices {
  const { sum = 0, count = 0 } = prices[currency] ?? {};
  const next = { sum: sum + by * amount, count: count + by };
  const { [currency]: _, ...others } = prices;
  return next.count === 0 ? others : { ...others, [currency]: next };
}

async function count(rows: Rows<TreeRow>, place: PlaceRow | undefined, by: 1 | -1): Promise<void> {
  if (!place?.isCounted || place.categoryId === null) return;
  const row = await readCategory(rows, place.categoryId);
  const prices = addPrice(row.prices, place.price, by);
  rows.set(categoryAt(place.categoryId), { ...row, products: row.products + by, prices });
}

function placeAfter(place: PlaceRow | undefined, { eventType, eventData }: TreeEvent): PlaceRow | undefined {
  if (eventType === "ProductCreated") {
    return { kind: "place", categoryId: eventData.categoryId, price: eventData.price, isCounted: true };
  }
  if (!place) return undefined;
  if (eventType === "ProductMoved") return { ...place, categoryId: eventData.categoryId };
  if (eventType === "PriceUpdated") return { ...place, price: eventData.price };
  return eventType === "ProductDiscontinued" ? { ...place, isCounted: false } : place;
}

async function changeProduct(event: TreeEvent, rows: Rows<TreeRow>): Promise<void> {
  const row = await rows.get(placeAt(event.entityId));
  const before = row?.kind === "place" ? row : undefined;
  const after = placeAfter(before, event);
  await count(rows, before, -1);
  await count(rows, after, 1);
  if (after) rows.set(placeAt(event.entityId), after);
}

async function changeCategory(event: TreeEvent, rows: Rows<TreeRow>): Promise<void> {
  const { eventType, eventData } = event;
  const row = await readCategory(rows, event.entityId);
  const set = (change: Partial<CategoryRow>) => rows.set(categoryAt(event.entityId), { ...row, ...change });
  if (eventType === "CategoryCreated") set({ ...eventData, status: "active" });
  else if (eventType === "CategoryRenamed") set({ name: eventData.name });
  else if (eventType === "CategoryMoved") set({ parentId: eventData.parentId });
  else if (eventType === "CategoryArchived") set({ status: "archived" });
}

/** Categories with what counts in each. Counts of what is below are added up when the tree is asked for. */
export const categoryTree = defineProjection<TreeRow, RowsAcrossEntities<TreeRow>>({
  name: "category-tree",
  kind: "rows-across-entities",
  from: {
    Category: ["CategoryCreated", "CategoryRenamed", "CategoryMoved", "CategoryArchived"],
    Product: ["ProductCreated", "ProductMoved", "PriceUpdated", "ProductDiscontinued"],
  },
  needs({ aggregateType, entityId }) {
    return [aggregateType === "Product" ? placeAt(entityId) : categoryAt(entityId)];
  },
  change(event, rows) {
    const treeEvent = event as TreeEvent;
    return event.aggregateType === "Product" ? changeProduct(treeEvent, rows) : changeCategory(treeEvent, rows);
  },
});

export interface CategoryNode extends Omit<CategoryRow, "kind" | "prices"> {
  /** Active products here and in every category below. */
  readonly productsBelow: number;
  /** Minor units by currency, here and below; rounded to the nearest unit. */
  readonly averagePrices: Readonly<Record<string, number>>;
  readonly children: readonly string[];
}

function merge(all: readonly Prices[]): Prices {
  const merged: Record<string, { sum: number; count: number }> = {};
  for (const [currency, { sum, count }] of all.flatMap((prices) => Object.entries(prices))) {
    const known = merged[currency] ?? { sum: 0, count: 0 };
    merged[currency] = { sum: known.sum + sum, count: known.count + count };
  }
  return merged;
}

/** The rows at and below a category. Parents that lead in a circle are followed once. */
function below(row: CategoryRow, children: ReadonlyMap<string, readonly CategoryRow[]>): CategoryRow[] {
  const found = new Map([[row.categoryId, row]]);
  const waiting = [row.categoryId];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const child of children.get(id) ?? []) {
      if (found.has(child.categoryId)) continue;
      found.set(child.categoryId, child);
      waiting.push(child.categoryId);
    }
  }
  return [...found.values()];
}

async function readAll(reader: RowReader<TreeRow>): Promise<CategoryRow[]> {
  const all: TreeRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await reader.sharedRows(CATEGORIES, { limit: 200, cursor });
    all.push(...page.rows);
    cursor = page.cursor;
  } while (cursor);
  return all.filter((row) => row.kind === "category");
}

function byParent(rows: readonly CategoryRow[]): ReadonlyMap<string, readonly CategoryRow[]> {
  const children = new Map<string, CategoryRow[]>();
  for (const row of rows) {
    if (row.parentId === null) continue;
    children.set(row.parentId, [...(children.get(row.parentId) ?? []), row]);
  }
  return children;
}

/** All categories by id, each with its children and what counts below it. */
export async function askCategoryTree(reader: RowReader<TreeRow>): Promise<CategoryNode[]> {
  const rows = await readAll(reader);
  const children = byParent(rows);
  return rows.map((row) => {
    const subtree = below(row, children);
    const averages = Object.entries(merge(subtree.map(({ prices }) => prices))).map(
      ([currency, { sum, count }]) => [currency, Math.round(sum / count)] as const,
    );
    const { kind: _, prices: __, ...shown } = row;
    return {
      ...shown,
      productsBelow: subtree.reduce((all, { products }) => all + products, 0),
      averagePrices: Object.fromEntries(averages),
      children: (children.get(row.categoryId) ?? []).map(({ categoryId }) => categoryId),
    };
  });
}
