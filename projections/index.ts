import type { Projection } from "../src/definition/index.ts";
import { categoryTree } from "./category-tree.ts";
import { productCatalog } from "./product-catalog.ts";
import { productPriceHistory } from "./product-price-history.ts";
import { userActivity } from "./user-activity.ts";

/**
 * The read models that the table stream feeds. A new one over old events: `npm run projections -- rebuild NAME`.
 * One that goes: `drop NAME GENERATION` first, then take out its line, its file and the routes that read it.
 */
export const streamProjections = [productCatalog, productPriceHistory, categoryTree] as readonly Projection[];

/** The read models that the bus feeds, through a queue. */
export const busProjections = [userActivity] as readonly Projection[];

export const projections: readonly Projection[] = [...streamProjections, ...busProjections];
