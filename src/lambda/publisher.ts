import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { readConfig } from "../config.ts";
import type { StoredEvent } from "../event-store/index.ts";
import { aggregates, eventTypes } from "../product/index.ts";
import { checkBusExists, createPublisher, eventBridgeBus, type Notice } from "../publisher/index.ts";
import { isSnapshotDue, SNAPSHOT_DUE, snapshotDue } from "../snapshotter/index.ts";
import { batchAnswer, groupByEntity, readRecords } from "../stream/index.ts";
import { backOff, clock, createLogger, createStore, requestHandler, traceBatch } from "./wiring.ts";

const config = readConfig("publisher");
const logger = createLogger();
const client = new EventBridgeClient({ requestHandler });
let busExists: Promise<void> | undefined;

/** Looked up once; a look that failed is taken again. */
function checkBus(): Promise<void> {
  busExists ??= checkBusExists(client, config.EVENT_BUS).catch((error: unknown) => {
    busExists = undefined;
    throw error;
  });
  return busExists;
}

const significantEvents = aggregates.flatMap((aggregate) => aggregate.significantEvents ?? []);
const policy = { every: config.SNAPSHOT_EVERY, significantEvents };

function noticesOf(event: StoredEvent): Notice[] {
  return isSnapshotDue(policy, event) ? [{ detailType: SNAPSHOT_DUE, detail: snapshotDue(event) }] : [];
}

const publisher = createPublisher({
  bus: eventBridgeBus(client, config.EVENT_BUS),
  ...createStore(config),
  eventTypes,
  source: config.SERVICE_NAME,
  noticesOf,
  maxBytes: config.BUS_MAX_BYTES,
  publishUserId: config.PUBLISH_USER_ID,
  parkAfter: config.PARK_AFTER,
  backOff,
  clock,
});

/** Milliseconds before the function's end at which the rest is left to the next delivery. */
const RESERVE_MS = 10_000;

/** The table stream to the bus. */
export async function handler({ Records }: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> {
  const start = clock();
  await checkBus();
  const records = readRecords(Records);
  const { failures, ...counts } = await publisher.publish(
    groupByEntity(records),
    () => context.getRemainingTimeInMillis() < RESERVE_MS,
  );
  logger.info("published", { ...counts, failed: failures.length });
  for (const { error, ...where } of failures) logger.warn(error.message, { ...where });
  if (config.TRACING === "on") await traceBatch({ logger, name: "publisher", start, records, failures });
  return batchAnswer(records, failures);
}
