import type { JsonObject } from "./json.ts";

/** An event as a caller hands it in. `eventType` is in the past tense: `PriceUpdated`. */
export interface NewEvent<Type extends string = string, Data extends object = object> {
  readonly eventType: Type;
  readonly eventData: Data;
}

/** An event as it stands in the table, frozen. Events of one entity are numbered 1..n without a hole. */
export interface StoredEvent<Type extends string = string, Data = JsonObject> {
  /** At most 1,000 bytes; other writers may have stored up to 2,048. */
  readonly entityId: string;
  /** Position within the entity, from 1. The last one is the entity's version. */
  readonly sequenceNumber: number;
  readonly eventId: string;
  readonly eventType: Type;
  /**
   * ISO 8601, UTC, milliseconds. Not earlier than the event before it, unless that one stands more than five minutes
   * ahead of the writer's clock.
   */
  readonly eventTime: string;
  readonly eventData: Data;
  /** The schema version of `eventData`, such as "1.0"; not the entity's version. */
  readonly version: string;
  readonly userId: string;
  readonly correlationId: string;
  readonly aggregateType: string;
  readonly causationId?: string;
  readonly commandId?: string;
  /** Tells a repeated command from another one that reuses its `commandId`. */
  readonly commandHash?: string;
  /** X-Ray's header of the request that stored it; only where that request was traced. */
  readonly traceHeader?: string;
}

/** A stored event, under the name that the interface was asked for with. */
export type Event<Type extends string = string, Data = JsonObject> = StoredEvent<Type, Data>;
