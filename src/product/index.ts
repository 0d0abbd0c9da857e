import { EventTypeRegistry, type EventTypes } from "../event-store/index.ts";
import { category } from "./category.ts";
import { product } from "./product.ts";

export * from "./actions.ts";
export * from "./category.ts";
export * from "./category-commands.ts";
export * from "./category-events.ts";
export { categoryId, productId } from "./fields.ts";
export * from "./money.ts";
export * from "./product.ts";
export * from "./product-commands.ts";
export * from "./product-events.ts";

/** Every event type of the service. */
export const eventTypes: EventTypes = { ...product.eventTypes, ...category.eventTypes };

export const aggregates = [product, category] as const;

/** The same, told apart by aggregate, for those who read what is stored. */
export const eventTypeRegistry = new EventTypeRegistry({}, aggregates);
