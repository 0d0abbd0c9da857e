import * as z from "zod";
import { categoryTree, queryCategoryTree } from "../../projections/category-tree.ts";
import { productCatalog, queryCatalog } from "../../projections/product-catalog.ts";
import { productPriceHistory } from "../../projections/product-price-history.ts";
import { userActivity } from "../../projections/user-activity.ts";
import {
  defineQuery,
  defineRowQuery,
  ForbiddenError,
  mayReadActivity,
  NotFoundError,
  pageParameters,
} from "../http/index.ts";

const { limit, cursor } = pageParameters.shape;

const products = defineQuery({
  path: "/products",
  summary: "Products",
  of: productCatalog,
  parameters: z.strictObject({
    category: z.string().min(1).max(128).optional(),
    status: z.enum(["active", "discontinued"]).optional(),
    sort: z.enum(["name", "-name", "price", "-price"]).optional(),
    limit,
    cursor,
  }),
  answer: (rows, { parameters }) => queryCatalog(rows, parameters),
});

const product = defineRowQuery({ path: "/products/{id}", summary: "One product", of: productCatalog });

const priceHistory = defineQuery({
  path: "/products/{id}/price-history",
  summary: "Prices of a product",
  of: productPriceHistory,
  parameters: pageParameters.extend({ order: z.enum(["ascending", "descending"]).optional() }),
  waitsForVersion: true,
  async answer(rows, { id, parameters }) {
    const page = await rows.eventRows(id, parameters);
    if (page.rows.length === 0 && parameters.cursor === undefined) throw new NotFoundError(`there is no product ${id}`);
    return page;
  },
});

const categories = defineQuery({
  path: "/categories",
  summary: "The tree of categories, a page at a time",
  of: categoryTree,
  parameters: z.strictObject({
    root: z.string().min(1).max(1_000).optional().describe("Only this category and what is below it"),
    limit: z.coerce.number().int().min(1).max(1_000).optional(),
    cursor,
  }),
  answer: (rows, { parameters }) => queryCategoryTree(rows, parameters),
});

const activity = defineQuery({
  path: "/users/{id}/activity",
  summary: "What a user did, newest first",
  of: userActivity,
  parameters: pageParameters,
  async answer(rows, { id: userId, parameters, identity }) {
    if (!mayReadActivity(identity, userId))
      throw new ForbiddenError("only that user, and users who may read everything, can see what a user did");
    return rows.list("byUser", userId, { ...parameters, order: "descending" });
  },
});

export const queries = [products, product, priceHistory, categories, activity];
