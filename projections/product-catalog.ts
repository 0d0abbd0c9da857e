import { defineProjection, type RowPerEntity } from "../src/definition/index.ts";
import type { StoredEvent } from "../src/event-store/index.ts";
import { type Money, type ProductEvent, product } from "../src/product/index.ts";
import { sortable } from "../src/projector/dynamodb/index.ts";
import type { Page, PageRequest, RowReader } from "../src/projector/index.ts";

export interface CatalogRow {
  readonly productId: string;
  readonly status: "active" | "discontinued";
  readonly name: string;
  readonly description: string;
  readonly price: Money;
  readonly categoryId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const ALL = "all";
const byName = ({ name }: CatalogRow): string => name.toLocaleLowerCase("en");
const byPrice = ({ price }: CatalogRow): string => `${price.currency}#${sortable(price.amount)}`;

/** One row a product: its newest state, listed by name and by price, in its category and over all. */
export const productCatalog = defineProjection<CatalogRow, RowPerEntity<CatalogRow>>({
  name: "product-catalog",
  kind: "row-per-entity",
  from: {
    Product: [
      "ProductCreated",
      "ProductRenamed",
      "ProductDescribed",
      "PriceUpdated",
      "ProductMoved",
      "ProductDiscontinued",
    ],
  },
  evolve(row, event) {
    const before = row ? { ...row } : product.initialState;
    const state = product.evolve(before as typeof product.initialState, event as StoredEvent & ProductEvent);
    if (state.status === "missing") return undefined;
    const { name, description, price, categoryId, status } = state;
    const productId = event.entityId;
    const createdAt = row?.createdAt ?? event.eventTime;
    return { productId, status, name, description, price, categoryId, createdAt, updatedAt: event.eventTime };
  },
  lists: {
    byName: (row) => ({ partition: ALL, sort: byName(row) }),
    byPrice: (row) => ({ partition: ALL, sort: byPrice(row) }),
    inCategoryByName: (row) => (row.categoryId === null ? undefined : { partition: row.categoryId, sort: byName(row) }),
    inCategoryByPrice: (row) =>
      row.categoryId === null ? undefined : { partition: row.categoryId, sort: byPrice(row) },
  },
});

export interface CatalogQuery extends Pick<PageRequest, "limit" | "cursor"> {
  readonly category?: string | undefined;
  readonly status?: CatalogRow["status"] | undefined;
  /** A minus sign before it turns the order round. Default "name". */
  readonly sort?: "name" | "-name" | "price" | "-price" | undefined;
}

export function askCatalog(reader: RowReader<CatalogRow>, query: CatalogQuery): Promise<Page<CatalogRow>> {
  const { category, status, sort = "name", limit, cursor } = query;
  const order = sort.startsWith("-") ? "descending" : "ascending";
  const page = { limit, cursor, order, where: status ? { status } : undefined } as const;
  const isByPrice = sort.endsWith("price");
  if (category === undefined) return reader.list(isByPrice ? "byPrice" : "byName", ALL, page);
  return reader.list(isByPrice ? "inCategoryByPrice" : "inCategoryByName", category, page);
}
