import * as z from "zod";
import { rowPerEvent } from "../src/definition/index.ts";
import { category } from "../src/product/category.ts";
import { product } from "../src/product/product.ts";

const activityRow = z.strictObject({
  userId: z.string(),
  at: z.string(),
  did: z.string(),
  aggregateType: z.string(),
  entityId: z.string(),
  sequenceNumber: z.int(),
  correlationId: z.string(),
});

/** Who did what when: one row an event, listed by user. */
export const userActivity = rowPerEvent({
  name: "user-activity",
  feed: "bus",
  of: [product, category],
  row: activityRow,
  on: ({ userId, eventTime, eventType, aggregateType, entityId, sequenceNumber, correlationId }) => {
    return { userId, at: eventTime, did: eventType, aggregateType, entityId, sequenceNumber, correlationId };
  },
  lists: {
    byUser: (row, key) => ({ partition: row.userId, sort: `${row.at}#${key}` }),
  },
});
