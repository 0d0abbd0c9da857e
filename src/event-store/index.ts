export { collect } from "./collect.ts";
export * from "./command-log.ts";
export * from "./command-outcome.ts";
export { contentHash, sortKeys } from "./content-hash.ts";
export * from "./errors.ts";
export * from "./event.ts";
export * from "./event-store.ts";
export * from "./event-types.ts";
export { InMemoryEventStore, type InMemoryEventStoreOptions } from "./in-memory-event-store.ts";
export * from "./json.ts";
export { LruMap } from "./lru-map.ts";
export { pause } from "./pause.ts";
export * from "./scan.ts";
export * from "./snapshot.ts";
export {
  type AnySchema,
  describeIssues,
  type InferInput,
  type InferOutput,
  jsonSchemaOf,
  type Reparsable,
  type StandardSchema,
} from "./standard-schema.ts";
export { checkStorable, plainJson, withoutUndefined } from "./storable.ts";
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
  MAX_EVENTS_PER_APPEND,
  MAX_ID_BYTES,
  MAX_PARTITION_KEY_BYTES,
} from "./validate.ts";
