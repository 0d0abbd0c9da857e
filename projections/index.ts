import type { Projection } from "../src/projector/index.ts";
import { categoryTree } from "./category-tree.ts";
import { productCatalog } from "./product-catalog.ts";
import { productPriceHistory } from "./product-price-history.ts";
import { userActivity } from "./user-activity.ts";

/** Every read model of the service. Taking a line out, and its file, removes the read model. */
export const projections = [productCatalog, productPriceHistory, categoryTree, userActivity] as readonly Projection[];
