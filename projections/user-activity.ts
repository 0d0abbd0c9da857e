import { defineProjection, type RowPerEvent } from "../src/definition/index.ts";
import type { Page, PageRequest, RowReader } from "../src/projector/index.ts";

export interface ActivityRow {
  readonly userId: string;
  readonly at: string;
  readonly did: string;
  readonly aggregateType: string;
  readonly entityId: string;
  readonly sequenceNumber: number;
  readonly correlationId: string;
}

/** Who did what when: one row an event. */
export const userActivity = defineProjection<ActivityRow, RowPerEvent<ActivityRow>>({
  name: "user-activity",
  kind: "row-per-event",
  from: {
    Product: [
      "ProductCreated",
      "ProductRenamed",
      "ProductDescribed",
      "PriceUpdated",
      "ProductMoved",
      "ProductDiscontinued",
    ],
    Category: ["CategoryCreated", "CategoryRenamed", "CategoryMoved", "CategoryArchived"],
  },
  row({ userId, eventTime, eventType, aggregateType, entityId, sequenceNumber, correlationId }) {
    return { userId, at: eventTime, did: eventType, aggregateType, entityId, sequenceNumber, correlationId };
  },
  lists: {
    byUser: (row, key) => ({ partition: row.userId, sort: `${row.at}#${key}` }),
  },
});

/** What one user did, newest first. */
export function askUserActivity(
  reader: RowReader<ActivityRow>,
  userId: string,
  page: PageRequest<ActivityRow>,
): Promise<Page<ActivityRow>> {
  return reader.list("byUser", userId, { ...page, order: "descending" });
}
