import * as z from "zod";
import { rowPerEntity } from "../src/definition/index.ts";
import { type Money, money } from "../src/product/money.ts";
import { product } from "../src/product/product.ts";
import { type Page, type PageRequest, type RowReaderOf, sortable } from "../src/projector/index.ts";

const catalogRow = z.strictObject({
  productId: z.string(),
  status: z.enum(["active", "discontinued"]),
  name: z.string(),
  description: z.string(),
  price: money,
  categoryId: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type CatalogRow = z.infer<typeof catalogRow>;

/** One row a product: its newest state, listed by name and by price, in its category and over all. */
export const productCatalog = rowPerEntity({
  name: "product-catalog",
  of: product,
  row: catalogRow,
  on: {
    ProductCreated(_, { entityId: productId, eventData, eventTime: time }) {
      const { name, description, price, categoryId } = eventData;
      return { productId, status: "active", name, description, price, categoryId, createdAt: time, updatedAt: time };
    },
    ProductRenamed: (row, { eventData, eventTime }) => row && { ...row, name: eventData.name, updatedAt: eventTime },
    ProductDescribed: (row, { eventData: { description }, eventTime }) =>
      row && { ...row, description, updatedAt: eventTime },
    PriceUpdated: (row, { eventData, eventTime }) => row && { ...row, price: eventData.price, updatedAt: eventTime },
    ProductMoved: (row, { eventData: { categoryId }, eventTime }) =>
      row && { ...row, categoryId, updatedAt: eventTime },
    ProductDiscontinued: (row, { eventTime }) => row && { ...row, status: "discontinued", updatedAt: eventTime },
  },
  lists: {
    byName: ({ name }) => ({ partition: ALL, sort: sortByName(name) }),
    byPrice: ({ price }) => ({ partition: ALL, sort: sortByPrice(price) }),
    inCategoryByName: ({ categoryId, name }) =>
      categoryId === null ? undefined : { partition: categoryId, sort: sortByName(name) },
    inCategoryByPrice: ({ categoryId, price }) =>
      categoryId === null ? undefined : { partition: categoryId, sort: sortByPrice(price) },
  },
});

export interface CatalogQuery extends Pick<PageRequest, "limit" | "cursor"> {
  readonly category?: string | undefined;
  readonly status?: CatalogRow["status"] | undefined;
  /** A leading minus sign reverses the order. Default "name". */
  readonly sort?: "name" | "-name" | "price" | "-price" | undefined;
}

export function queryCatalog(
  reader: RowReaderOf<typeof productCatalog>,
  query: CatalogQuery,
): Promise<Page<CatalogRow>> {
  const { category, status, sort = "name", limit, cursor } = query;
  const order = sort.startsWith("-") ? "descending" : "ascending";
  const page = { limit, cursor, order, where: status ? { status } : undefined } as const;
  const isByPrice = sort.endsWith("price");
  if (category === undefined) return reader.list(isByPrice ? "byPrice" : "byName", ALL, page);
  return reader.list(isByPrice ? "inCategoryByPrice" : "inCategoryByName", category, page);
}

const ALL = "all";
const sortByName = (name: string): string => name.toLocaleLowerCase("en");
const sortByPrice = ({ amount, currency }: Money): string => `${currency}#${sortable(amount)}`;
