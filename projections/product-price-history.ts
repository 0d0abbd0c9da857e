import { defineProjection, type RowPerEvent } from "../src/definition/index.ts";
import type { StoredEvent } from "../src/event-store/index.ts";
import type { Money, ProductEvent } from "../src/product/index.ts";
import type { Page, PageRequest, RowReader } from "../src/projector/index.ts";

export interface PriceHistoryRow {
  readonly productId: string;
  readonly sequenceNumber: number;
  readonly price: Money;
  /** Null for the first price. */
  readonly previousPrice: Money | null;
  readonly changedAt: string;
  readonly changedBy: string;
}

/** One row a price: the first one and every change. */
export const productPriceHistory = defineProjection<PriceHistoryRow, RowPerEvent<PriceHistoryRow>>({
  name: "product-price-history",
  kind: "row-per-event",
  from: { Product: ["ProductCreated", "PriceUpdated"] },
  row(event) {
    const { eventType, eventData } = event as StoredEvent & ProductEvent;
    if (eventType !== "ProductCreated" && eventType !== "PriceUpdated") return undefined;
    return {
      productId: event.entityId,
      sequenceNumber: event.sequenceNumber,
      price: eventData.price,
      previousPrice: eventType === "PriceUpdated" ? eventData.previousPrice : null,
      changedAt: event.eventTime,
      changedBy: event.userId,
    };
  },
});

export function askPriceHistory(
  reader: RowReader<PriceHistoryRow>,
  productId: string,
  page: PageRequest<PriceHistoryRow>,
): Promise<Page<PriceHistoryRow>> {
  return reader.eventRows(productId, page);
}
