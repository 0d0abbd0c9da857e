/** Event sourcing on DynamoDB: the store, the definitions, and what runs them. Handler factories: `./lambda`. */

export {
  type CommandHandler,
  CommandSchemaError,
  createCommandHandler,
  handleCommand,
  KeyedMutex,
  load,
  loadAt,
  loadAtTime,
  StateCache,
} from "./aggregate/index.ts";
export {
  type AggregateDefinition,
  acrossEntities,
  type CommandInputOf,
  type CommandOf,
  defineAggregate,
  defineService,
  event,
  isRejection,
  type NewEventOf,
  type Projection,
  type PublishedEventOf,
  Rejection,
  type RowOf,
  type RowPerEntityDefinition,
  type RowPerEventDefinition,
  type Rows,
  type RowsAcrossEntities,
  rowPerEntity,
  rowPerEvent,
  type ServiceDefinition,
  type StateOf,
  type StoredEventOf,
  type TypedUpcaster,
  unchanged,
  upcaster,
  type VersionedEvent,
} from "./definition/index.ts";
export {
  createFastDynamoDBClient,
  DynamoDBEventStore,
  type DynamoDBEventStoreOptions,
  type FastDynamoDBClientConfig,
} from "./event-store/dynamodb/index.ts";
export {
  type AppendRequest,
  type AppendResult,
  ConcurrencyError,
  type Event,
  type EventStore,
  EventStoreError,
  InvalidArgumentError,
  isConcurrencyError,
  isEventStoreError,
  type NewEvent,
  type Snapshot,
  type StoredEvent,
  StoreUnavailableError,
} from "./event-store/index.ts";
export {
  createProjector,
  createRowReaders,
  forgetGeneration,
  readStatus,
  rebuild,
  removeRows,
  repairLag,
  retryParked,
  rollback,
  skipParked,
  verify,
} from "./projector/dynamodb/index.ts";
export { type Page, type PageRequest, type RowReaderOf, sortable } from "./projector/index.ts";
export { createPublisher, eventBridgeBus, repairPublisherLag } from "./publisher/index.ts";
export { makeSnapshot, sweepAggregate } from "./snapshotter/index.ts";
export { batchAnswer, groupByEntity, listParked, pollStream, readRecords } from "./stream/index.ts";
