import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { readConfig } from "../config.ts";
import type { ServiceDefinition } from "../definition/index.ts";
import { publishingOf } from "../operations/publishing.ts";
import { checkBusExists, createPublisher, eventBridgeBus, repairPublisherLag } from "../publisher/index.ts";
import { batchAnswer, groupByEntity, readRecords } from "../stream/index.ts";
import { createEventBridgeClient } from "./clients.ts";
import {
  backOff,
  clock,
  createLogger,
  createMetrics,
  createStore,
  isLagSweep,
  type LagSweepRequest,
  tellSweep,
  timeUpOf,
  traceBatch,
} from "./wiring.ts";

/** The function that publishes the table stream on the bus; by schedule, what is not there yet. */
export function createPublisherHandler(service: ServiceDefinition) {
  const config = readConfig("publisher");
  const logger = createLogger();
  const metrics = createMetrics();
  const { store, table } = createStore(service, config);
  const client = createEventBridgeClient(config.AWS_CLIENT);
  const bus = eventBridgeBus(client, config.EVENT_BUS);
  const publisher = createPublisher({ bus, store, table, ...publishingOf(service, config), backOff, clock });
  const aggregateTypes = Object.values(service.aggregates).map(({ aggregateType }) => aggregateType);
  let busExists: Promise<void> | undefined;

  /** Checked once; a check that failed is made again. */
  function checkBus(): Promise<void> {
    busExists ??= checkBusExists(client, config.EVENT_BUS).catch((error: unknown) => {
      busExists = undefined;
      throw error;
    });
    return busExists;
  }

  async function publishBatch({ Records }: DynamoDBStreamEvent, isTimeUp: () => boolean) {
    const start = clock();
    const records = readRecords(Records);
    const { failures, ...counts } = await publisher.publish(groupByEntity(records), isTimeUp);
    logger.info("published", { ...counts, failed: failures.length });
    for (const { error, ...where } of failures) logger.warn(error.message, { ...where });
    if (config.TRACING === "on") await traceBatch({ logger, name: "publisher", start, records, failures });
    return batchAnswer(records, failures);
  }

  return async (event: DynamoDBStreamEvent | LagSweepRequest, context: Context): Promise<DynamoDBBatchResponse> => {
    await checkBus();
    const isTimeUp = timeUpOf(context);
    if (!isLagSweep(event)) return publishBatch(event, isTimeUp);
    const reports = await repairPublisherLag({ store, table, publisher, aggregateTypes, clock, isTimeUp });
    tellSweep(logger, metrics, reports);
    return { batchItemFailures: [] };
  };
}
