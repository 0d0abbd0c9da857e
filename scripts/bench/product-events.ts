import type { StoredEvent } from "../../src/event-store/index.ts";

const usd = (amount: number) => ({ amount, currency: "USD" });

/** The n-th event of a product of category "c": created, then prices. */
export function productEvent(entityId: string, sequenceNumber: number): StoredEvent {
  const isFirst = sequenceNumber === 1;
  return {
    entityId,
    sequenceNumber,
    eventId: `${entityId}-${sequenceNumber}`,
    eventType: isFirst ? "ProductCreated" : "PriceUpdated",
    eventTime: new Date(Date.UTC(2026, 0, 1) + sequenceNumber).toISOString(),
    eventData: isFirst
      ? { name: entityId, description: "", price: usd(1), categoryId: "c" }
      : { price: usd(sequenceNumber), previousPrice: usd(sequenceNumber - 1) },
    version: "1.0",
    userId: "ann",
    correlationId: "c-1",
    aggregateType: "Product",
  };
}
