import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { readConfig } from "../config.ts";
import { checkBusExists, createPublisher, eventBridgeBus } from "../publisher/index.ts";
import { batchAnswer, groupByEntity, readRecords } from "../stream/index.ts";
import { publishingOf } from "./publishing.ts";
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

const publisher = createPublisher({
  bus: eventBridgeBus(client, config.EVENT_BUS),
  ...createStore(config),
  ...publishingOf(config),
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
