import * as z from "zod";
import { rowPerEvent } from "../src/definition/index.ts";
import { type Money, money } from "../src/product/money.ts";
import { product } from "../src/product/product.ts";

const priceHistoryRow = z.strictObject({
  productId: z.string(),
  sequenceNumber: z.int(),
  price: money,
  /** Null for the first price. */
  previousPrice: money.nullable(),
  changedAt: z.string(),
  changedBy: z.string(),
});
export type PriceHistoryRow = z.infer<typeof priceHistoryRow>;

/** One row a price: the first one and every change. */
export const productPriceHistory = rowPerEvent({
  name: "product-price-history",
  of: product,
  row: priceHistoryRow,
  on: {
    ProductCreated: (event) => priceRow(event, event.eventData.price, null),
    PriceUpdated: (event) => priceRow(event, event.eventData.price, event.eventData.previousPrice),
  },
});

interface Changed {
  readonly entityId: string;
  readonly sequenceNumber: number;
  readonly eventTime: string;
  readonly userId: string;
}

const priceRow = (
  { entityId: productId, sequenceNumber, eventTime: changedAt, userId: changedBy }: Changed,
  price: Money,
  previousPrice: Money | null,
): PriceHistoryRow => ({ productId, sequenceNumber, price, previousPrice, changedAt, changedBy });
