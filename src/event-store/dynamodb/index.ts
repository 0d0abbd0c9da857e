export type { Condition } from "./conditions.ts";
export { DynamoDBEventStore } from "./dynamodb-event-store.ts";
export * from "./event-codec.ts";
export {
  createFastDynamoDBClient,
  type FastDynamoDBClientConfig,
  KeepingSigner,
  PooledRequestHandler,
} from "./fast-client/index.ts";
export { itemSize, MAX_ITEM_BYTES } from "./item-size.ts";
export type { DynamoDBEventStoreOptions } from "./options.ts";
export { decodePayload, encodePayload, type PayloadEncoding } from "./payload.ts";
export {
  isRefusedContent,
  isSystemState,
  isTransient,
  REQUEST_ATTEMPTS,
  untilProcessed,
  whileTransient,
} from "./retry.ts";
