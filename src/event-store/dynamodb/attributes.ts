/** Attribute and index names of the Events table. They are the contract and do not change. */
export const EVENT = {
  entityId: "entityId",
  sequenceNumber: "sequenceNumber",
  eventId: "eventId",
  eventType: "eventType",
  eventTime: "eventTime",
  eventData: "eventData",
  version: "version",
  userId: "userId",
  correlationId: "correlationId",
  aggregateType: "aggregateType",
  causationId: "causationId",
  commandId: "commandId",
  commandHash: "commandHash",
  traceHeader: "traceHeader",
  /** Keys of the two indexes where they are spread over shards (docs/adr/0012-sharded-indexes.md). */
  aggregateTypeShard: "aggregateTypeShard",
  userIdShard: "userIdShard",
} as const;

export const EVENT_TYPE_INDEX = "EventTypeIndex";
export const USER_ACTION_INDEX = "UserActionIndex";

/** Attribute names of the Snapshots table. */
export const SNAPSHOT = {
  entityId: "entityId",
  version: "version",
  aggregateType: "aggregateType",
  snapshotData: "snapshotData",
  snapshotTime: "snapshotTime",
  eventSequenceNumber: "eventSequenceNumber",
  stateVersion: "stateVersion",
  commands: "commands",
  previous: "previous",
  eventId: "eventId",
  /** Digest of what a loader relies on: a snapshot that does not match it is passed over. */
  dataHash: "dataHash",
  /** Time to live: seconds since 1970, set when enough newer snapshots stand. */
  expiresAt: "expiresAt",
} as const;

/**
 * More events than the megabyte of a page holds, for one takes over 256 bytes: it changes nothing on AWS,
 * and keeps the embedded engine from reading to the end of the entity for every page.
 */
export const PAGE_ROWS = 4_096;
