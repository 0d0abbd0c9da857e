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
  for (const { failures, ...counts } of outcomes) {
    logger.info(`projected ${counts.projection}`, { ...counts, failed: failures.length });
    for (const { error, ...where } of failures) logger.warn(`${counts.projection}: ${error.message}`, { ...where });
  }
  return batchAnswer(
    records,
    outcomes.flatMap(({ failures }) => failures),
  );
}
