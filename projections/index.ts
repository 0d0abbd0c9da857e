import type { Projection } from "../src/projector/index.ts";
import { categoryTree } from "./category-tree.ts";
import { productCatalog } from "./product-catalog.ts";
import { productPriceHistory } from "./product-price-history.ts";
import { userActivity } from "./user-activity.ts";

/** The read models that the table stream feeds. Taking a line out, and its file, removes the read model. */
export const streamProjections = [productCatalog, productPriceHistory, categoryTree] as readonly Projection[];

/** The read models that the bus feeds, through a queue. */
export const busProjections = [userActivity] as readonly Projection[];

export const projections: readonly Projection[] = [...streamProjections, ...busProjections];
