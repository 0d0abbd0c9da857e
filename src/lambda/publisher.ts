import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { readConfig } from "../config.ts";
import { aggregates } from "../product/index.ts";
import { checkBusExists, createPublisher, eventBridgeBus, repairPublisherLag } from "../publisher/index.ts";
import { batchAnswer, groupByEntity, readRecords } from "../stream/index.ts";
import { publishingOf } from "./publishing.ts";
import {
  backOff,
  clock,
  createLogger,
  createMetrics,
  createStore,
  isLagSweep,
  type LagSweepRequest,
  requestHandler,
  tellSweep,
  timeUpOf,
  traceBatch,
} from "./wiring.ts";

const config = readConfig("publisher");
const logger = createLogger();
const metrics = createMetrics();
const { store, on } = createStore(config);
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

const publisher = createPublisher({
  bus: eventBridgeBus(client, config.EVENT_BUS),
  store,
  on,
  ...publishingOf(config),
  backOff,
  clock,
});

/** The table stream to the bus; by schedule, what is not there yet. */
export async function handler(
  event: DynamoDBStreamEvent | LagSweepRequest,
  context: Context,
): Promise<DynamoDBBatchResponse> {
  await checkBus();
  const isTimeUp = timeUpOf(context);
  if (!isLagSweep(event)) return publishBatch(event, isTimeUp);
  const aggregateTypes = aggregates.map(({ aggregateType }) => aggregateType);
  const reports = await repairPublisherLag({ store, on, publisher, aggregateTypes, clock, isTimeUp });
  tellSweep(logger, metrics, reports);
  return { batchItemFailures: [] };
}

async function publishBatch({ Records }: DynamoDBStreamEvent, isTimeUp: () => boolean): Promise<DynamoDBBatchResponse> {
  const start = clock();
  const records = readRecords(Records);
  const { failures, ...counts } = await publisher.publish(groupByEntity(records), isTimeUp);
  logger.info("published", { ...counts, failed: failures.length });
  for (const { error, ...where } of failures) logger.warn(error.message, { ...where });
  if (config.TRACING === "on") await traceBatch({ logger, name: "publisher", start, records, failures });
  return batchAnswer(records, failures);
}
