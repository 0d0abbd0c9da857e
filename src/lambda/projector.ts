import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { readConfig } from "../config.ts";
import { batchAnswer, groupByEntity, readRecords, type StreamedEvent } from "../stream/index.ts";
import { measureBatch } from "./measure.ts";
import { clock, createLogger, createMetrics, traceBatch, wireProjector } from "./wiring.ts";

const config = readConfig("projector");
const logger = createLogger();
const metrics = createMetrics();
const projector = wireProjector(config, config.PARK_AFTER);

/** Of the commands behind the records, a few of them. */
const correlationIdsOf = (records: readonly StreamedEvent[]): string[] =>
  [...new Set(records.flatMap(({ event }) => event?.correlationId ?? []))].slice(0, 10);

/** The table stream into every read model. */
export async function handler({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  const start = clock();
  const records = readRecords(Records);
  const outcomes = await projector.project(groupByEntity(records));
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
