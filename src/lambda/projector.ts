import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { readConfig } from "../config.ts";
import type { ServiceDefinition } from "../definition/index.ts";
import { repairLag } from "../projector/dynamodb/index.ts";
import { batchAnswer, groupByEntity, readRecords, type StreamedEvent } from "../stream/index.ts";
import { measureBatch } from "./measure.ts";
import {
  clock,
  createLogger,
  createMetrics,
  isLagSweep,
  type LagSweepRequest,
  tellSweep,
  timeUpOf,
  traceBatch,
  wireProjector,
} from "./wiring.ts";

/** The function that brings the table stream into the read models; by schedule, what it has left behind. */
export function createProjectorHandler(service: ServiceDefinition) {
  const config = readConfig("projector");
  const logger = createLogger();
  const metrics = createMetrics();
  const projector = wireProjector(service, config, "stream");

  async function projectBatch({ Records }: DynamoDBStreamEvent, isTimeUp: () => boolean) {
    const start = clock();
    const records = readRecords(Records);
    const outcomes = await projector.project(groupByEntity(records), isTimeUp);
    const summary = outcomes.map(
      ({ projection, applied, parked }) => `${projection} ${applied}${parked ? ` (${parked} parked)` : ""}`,
    );
    logger.info(`projected ${summary.join(", ")}`, {
      records: records.length,
      correlationIds: correlationIdsOf(records),
    });
    for (const { projection, failures } of outcomes) {
      for (const { error, ...where } of failures) logger.warn(`${projection}: ${error.message}`, { ...where });
    }
    measureBatch(metrics, outcomes, { records, now: clock() });
    const failures = outcomes.flatMap((outcome) => outcome.failures);
    if (config.TRACING === "on") await traceBatch({ logger, name: "projector", start, records, failures });
    return batchAnswer(records, failures);
  }

  return async (event: DynamoDBStreamEvent | LagSweepRequest, context: Context): Promise<DynamoDBBatchResponse> => {
    if (!isLagSweep(event)) return projectBatch(event, timeUpOf(context));
    tellSweep(logger, metrics, await repairLag(projector, timeUpOf(context)));
    return { batchItemFailures: [] };
  };
}

/** Of the commands behind the records, a few of them. */
const correlationIdsOf = (records: readonly StreamedEvent[]): string[] =>
  [...new Set(records.flatMap(({ event }) => event?.correlationId ?? []))].slice(0, 10);
