import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { EventTypeRegistry } from "../event-types.ts";
import type { HeadCache } from "../head-cache.ts";
import type { Warn } from "../warn.ts";
import type { PayloadEncoding } from "./payload.ts";

/** What every operation of the store works with. */
export interface StoreContext {
  readonly client: DynamoDBClient;
  readonly eventTable: string;
  readonly snapshotTable: string;
  readonly encoding: PayloadEncoding;
  readonly eventTypes: EventTypeRegistry;
  readonly heads: HeadCache;
  readonly appendAttempts: number;
  readonly requestAttempts: number;
  /** Partitions that an aggregate type, and a user, is spread over in the indexes. */
  readonly indexShards: number;
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly traceHeader: () => string | undefined;
  readonly warn: Warn;
}
