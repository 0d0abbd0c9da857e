import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { readConfig } from "../config.ts";
import { batchAnswer, groupByEntity, readRecords } from "../stream/index.ts";
import { createLogger, wireProjector } from "./wiring.ts";

const config = readConfig("projector");
const logger = createLogger(config);
const projector = wireProjector(config, config.PARK_AFTER);

/** The table stream into every read model. */
export async function handler({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  const records = readRecords(Records);
  const outcomes = await projector.project(groupByEntity(records));
  const summary = outcomes.map(
    ({ projection, applied, parked }) => `${projection} ${applied}${parked ? ` (${parked} parked)` : ""}`,
  );
  logger.info(`projected ${summary.join(", ")}`, { records: records.length });
  for (const { projection, failures } of outcomes) {
    for (const { error, ...where } of failures) logger.warn(`${projection}: ${error.message}`, { ...where });
  }
  return batchAnswer(
    records,
    outcomes.flatMap(({ failures }) => failures),
  );
}
