import type { EventsPage, ServiceDescription } from "../operations/contract.ts";

/** The only door to the rest of the repository, for types only. */
export type * from "../operations/contract.ts";

export type StoredEvent = EventsPage["events"][number];
export type Aggregate = ServiceDescription["aggregates"][number];
export type Command = Aggregate["commands"][number];

/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonFields = { readonly [key: string]: Json };

/** The answer to a command. */
export interface Accepted {
  readonly entityId: string;
  readonly version: number;
  readonly events: readonly string[];
  readonly repeated: boolean;
}

/** An event as it is on the bus. */
export interface PublishedEnvelope {
  readonly eventId: string;
  readonly eventType: string;
  readonly sequenceNumber: number;
}
