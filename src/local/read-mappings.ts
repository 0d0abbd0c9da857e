import { type Fields, fieldsOf, logicalId, numberOr } from "./resolved.ts";
import type { QueueMapping, StreamMapping } from "./service-definition.ts";

/** @param extensions what replaces generated properties: a destination that the framework's syntax does not know */
export function readStream(
  functionKey: string,
  stream: Fields,
  extensions: Readonly<Record<string, { readonly Properties?: Fields }>>,
): StreamMapping {
  const table = logicalId(stream.arn) ?? "";
  const { DestinationConfig } = extensions[mappingId(functionKey, table)]?.Properties ?? {};
  const onFailure = fieldsOf(stream.destinations).onFailure;
  const destination = fieldsOf(fieldsOf(DestinationConfig).OnFailure).Destination;
  return {
    functionKey,
    table,
    batchSize: numberOr(stream.batchSize, 100),
    batchWindowSeconds: numberOr(stream.batchWindow, 0),
    startingPosition: stream.startingPosition === "TRIM_HORIZON" ? "TRIM_HORIZON" : "LATEST",
    reportsBatchItemFailures: stream.functionResponseType === "ReportBatchItemFailures",
    bisects: stream.bisectBatchOnFunctionError === true,
    maxRetries: numberOr(stream.maximumRetryAttempts, -1),
    maxAgeSeconds: numberOr(stream.maximumRecordAgeInSeconds, -1),
    onFailure: logicalId(destination ?? fieldsOf(onFailure).arn ?? onFailure),
    filterPatterns: (stream.filterPatterns ?? []) as object[],
    isEnabled: stream.enabled !== false,
  };
}

/** The logical id that the framework gives a mapping: the function's key without dashes, the table's id. */
const mappingId = (functionKey: string, table: string): string =>
  `${capitalized(functionKey).replaceAll("-", "Dash").replaceAll("_", "Underscore")}EventSourceMappingDynamodb${table}`;

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export function readQueueMapping(functionKey: string, sqs: unknown): QueueMapping {
  const fields = typeof sqs === "string" ? { arn: sqs } : fieldsOf(sqs);
  return {
    functionKey,
    queue: logicalId("Ref" in fields || "Fn::GetAtt" in fields ? fields : fields.arn) ?? "",
    batchSize: numberOr(fields.batchSize, 10),
    batchWindowSeconds: numberOr(fields.maximumBatchingWindow, 0),
    reportsBatchItemFailures: fields.functionResponseType === "ReportBatchItemFailures",
    isEnabled: fields.enabled !== false,
  };
}
