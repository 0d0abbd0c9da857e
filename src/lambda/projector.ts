import { MetricUnit } from "@aws-lambda-powertools/metrics";
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { readConfig } from "../config.ts";
import type { ProjectionOutcome } from "../projector/index.ts";
import { batchAnswer, groupByEntity, readRecords, type StreamedEvent } from "../stream/index.ts";
import { clock, createLogger, createMetrics, wireProjector } from "./wiring.ts";

const config = readConfig("projector");
const logger = createLogger(config);
const metrics = createMetrics(config);
const projector = wireProjector(config, config.PARK_AFTER);

/** Of the commands behind the records, a few of them. */
const correlationIdsOf = (records: readonly StreamedEvent[]): string[] =>
  [...new Set(records.flatMap(({ event }) => event?.correlationId ?? []))].slice(0, 10);

/** In CloudWatch's embedded metric format, one set a projection. */
function measure(outcomes: readonly ProjectionOutcome[], records: readonly StreamedEvent[]): void {
  const times = records.flatMap(({ event }) => (event ? [Date.parse(event.eventTime)] : []));
  const age = times.length === 0 ? 0 : Math.max(0, clock().getTime() - Math.min(...times)) / 1000;
  for (const { projection, applied, skipped, repaired, parked, failures } of outcomes) {
    const counts = { Applied: applied, Skipped: skipped, Repaired: repaired, Parked: parked, Failed: failures.length };
    for (const [name, count] of Object.entries(counts)) {
      if (count > 0) metricOf(projection, name, MetricUnit.Count, count);
    }
    metricOf(projection, "OldestWaitingSeconds", MetricUnit.Seconds, age);
  }
}

function metricOf(
  projection: string,
  name: string,
  unit: (typeof MetricUnit)[keyof typeof MetricUnit],
  value: number,
): void {
  const metric = metrics.singleMetric();
  metric.addDimension("projection", projection);
  metric.addMetric(name, unit, value);
}

/** The table stream into every read model. */
export async function handler({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
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
  measure(outcomes, records);
  return batchAnswer(
    records,
    outcomes.flatMap(({ failures }) => failures),
  );
}
