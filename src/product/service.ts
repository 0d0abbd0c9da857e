import { categoryTree } from "../../projections/category-tree.ts";
import { productCatalog } from "../../projections/product-catalog.ts";
import { productPriceHistory } from "../../projections/product-price-history.ts";
import { userActivity } from "../../projections/user-activity.ts";
import { defineService } from "../definition/index.ts";
import { category } from "./category.ts";
import { product } from "./product.ts";

/**
 * The ProductService: everything else is derived from this. A new projection over old events:
 * `npx streamfold rebuild NAME`. One that goes: `drop NAME GENERATION` first, then take out its line, its file
 * and its queries.
 */
export const productService = defineService({
  name: "ProductService",
  aggregates: { products: product, categories: category },
  projections: [productCatalog, productPriceHistory, categoryTree, userActivity],
});
