export * from "./command-log.ts";
export * from "./command-outcome.ts";
export { contentHash, sortKeys } from "./content-hash.ts";
export { type Copied, type CopyConflict, type CopyRequest, copyEvents } from "./dynamodb-copy.ts";
export * from "./dynamodb-event-codec.ts";
export { DynamoDBEventStore } from "./dynamodb-event-store.ts";
export { itemSize, MAX_ITEM_BYTES } from "./dynamodb-item-size.ts";
export { decodePayload, encodePayload, type PayloadEncoding } from "./dynamodb-payload.ts";
export {
  isFaultOfTheEvent,
  isRefusedContent,
  isSystemState,
  isTransient,
  untilProcessed,
  whileTransient,
} from "./dynamodb-retry.ts";
export type { ScannedEvent, ScannedPage, ScanRequest } from "./dynamodb-scan.ts";
export * from "./errors.ts";
export * from "./event.ts";
export * from "./event-store.ts";
export * from "./event-types.ts";
export * from "./json.ts";
export type { DynamoDBEventStoreOptions } from "./options.ts";
export * from "./snapshot.ts";
export type { StandardSchema } from "./standard-schema.ts";
export {
  asError,
  callNow,
  describeThrown,
  dropPromise,
  isThenable,
  isWellFormed,
  messageOf,
  showValue,
} from "./thrown.ts";
export {
  checkFields,
  checkKeyText,
  checkTime,
  checkWholeNumber,
  endOf,
  type Fields,
  MAX_AGGREGATE_TYPE_BYTES,
  MAX_ID_BYTES,
  MAX_PARTITION_KEY_BYTES,
} from "./validate.ts";
