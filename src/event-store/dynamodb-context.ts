import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { PayloadEncoding } from "./dynamodb-payload.ts";
import type { EntityMemory } from "./entity-memory.ts";
import type { EventTypes } from "./event-types.ts";

/** What every operation of the store works with. */
export interface StoreContext {
  readonly client: DynamoDBClient;
  readonly eventTable: string;
  readonly snapshotTable: string;
  readonly encoding: PayloadEncoding;
  readonly eventTypes: EventTypes;
  readonly memory: EntityMemory;
  readonly appendAttempts: number;
  readonly requestAttempts: number;
  /** Partitions that an aggregate type, and a user, is spread over in the indexes. */
  readonly indexShards: number;
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly traceHeader: () => string | undefined;
}
