import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { streamProjections } from "../../projections/index.ts";
import { readConfig } from "../config.ts";
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

const config = readConfig("projector");
const logger = createLogger();
const metrics = createMetrics();
const projector = wireProjector(config, config.PARK_AFTER, { which: streamProjections, reader: "stream" });

/** Of the commands behind the records, a few of them. */
const correlationIdsOf = (records: readonly StreamedEvent[]): string[] =>
  [...new Set(records.flatMap(({ event }) => event?.correlationId ?? []))].slice(0, 10);

/** The table stream into every read model; by schedule, what it has left behind. */
export async function handler(
  event: DynamoDBStreamEvent | LagSweepRequest,
  context: Context,
): Promise<DynamoDBBatchResponse> {
  if (!isLagSweep(event)) return projectBatch(event, timeUpOf(context));
  tellSweep(logger, metrics, await repairLag(projector, timeUpOf(context)));
  return { batchItemFailures: [] };
}

async function projectBatch({ Records }: DynamoDBStreamEvent, isTimeUp: () => boolean): Promise<DynamoDBBatchResponse> {
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
  measureBatch(metrics, outcomes, records, clock());
  const failures = outcomes.flatMap((outcome) => outcome.failures);
  if (config.TRACING === "on") await traceBatch({ logger, name: "projector", start, records, failures });
  return batchAnswer(records, failures);
}
