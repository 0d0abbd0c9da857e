import type { JsonObject, StoredEvent } from "../event-store/index.ts";
import type { ProjectionStatus } from "../projector/index.ts";
import type { ParkedEntity } from "../stream/index.ts";

export type * from "./live-contract.ts";

/** What the console is told: the JSON of `/operations/…`; with the live stream and the local run beside it. Types only. */

/** A JSON Schema, as far as one could be made. */
export type JsonSchema = JsonObject;

/** `GET /operations/service` */
export interface ServiceDescription {
  readonly name: string;
  readonly aggregates: readonly AggregateDescription[];
  readonly projections: readonly ProjectionDescription[];
}

export interface AggregateDescription {
  /** In the API's paths: `products`. */
  readonly collection: string;
  readonly aggregateType: string;
  readonly events: readonly {
    readonly eventType: string;
    readonly version: string;
    /** Of the event's data; undefined where none can be told. */
    readonly schema: JsonSchema | undefined;
    /** The type on the bus; undefined: it is not published. */
    readonly publishedAs: string | undefined;
  }[];
  readonly commands: readonly {
    readonly command: string;
    /** `/products/{id}/change-price`, with POST. */
    readonly path: string;
    /** Of the command that makes an entity: the optional field of the body for its id. */
    readonly idField: string | undefined;
    readonly schema: JsonSchema | undefined;
  }[];
  readonly snapshotEvery: number | undefined;
}

export interface ProjectionDescription {
  readonly projection: string;
  readonly version: number;
  readonly kind: "row-per-entity" | "row-per-event" | "rows-across-entities";
  readonly feed: "stream" | "bus";
  /** Event types by aggregate type. */
  readonly from: Readonly<Record<string, readonly string[]>>;
  readonly lists: readonly string[];
}

/** `GET /operations/projections`: how far every reader of the events is. */
export interface ReadersStatus {
  readonly projections: readonly ProjectionStatus[];
  readonly publisher: {
    readonly eventsBehind: number;
    readonly isFloor: boolean;
    readonly oldestWaitingSeconds: number;
    readonly parked: number;
  };
}

/** `GET /operations/events?aggregate=&type=&user=&before=&limit=`, newest first. With `user` those of one user. */
export interface EventsPage {
  readonly events: readonly StoredEvent[];
  /** For `before=` of the next page; undefined: there is none. */
  readonly before: string | undefined;
}

/** `GET /operations/events/related?entityId=&sequenceNumber=`: of one correlation, or each other's cause, oldest first. */
export interface RelatedEvents {
  readonly events: readonly StoredEvent[];
  /** What was searched, ISO 8601: no index leads from a correlation to its events. */
  readonly from: string;
  readonly to: string;
  /** False: there were more events in that time than are looked at. */
  readonly isComplete: boolean;
}

/** `GET /operations/entities/{id}` */
export interface EntityDetail {
  readonly entityId: string;
  readonly aggregateType: string;
  readonly collection: string | undefined;
  readonly version: number;
  readonly snapshots: readonly {
    readonly version: number;
    readonly snapshotTime: string;
    /** False: made by other code than the one that runs, and ignored. */
    readonly isCurrent: boolean;
  }[];
  readonly readModels: readonly EntityReadModel[];
  /** The last event that is on the bus, 0: none. */
  readonly published: number;
  readonly isPublisherParked: boolean;
}

export interface EntityReadModel {
  readonly projection: string;
  readonly kind: ProjectionDescription["kind"];
  readonly generation: number | undefined;
  /** The last event that it has read of the entity. */
  readonly checkpoint: number;
  readonly isParked: boolean;
  /** The row, or the last rows of its events; shared rows are not an entity's. */
  readonly rows: readonly unknown[];
}

/** `GET /operations/entities/{id}/state?at=N`: the fold of the events 1 to N, and of those before it. */
export interface EntityState {
  readonly version: number;
  readonly state: unknown;
  /** The state at `version - 1`. */
  readonly previous: unknown;
}

/**
 * `GET /operations/projections/{name}/rows?list=&partition=&cursor=&order=&limit=` reads one list in its order; without
 * `list` the rows as the table has them.
 */
export interface RowsPage {
  /** `key` of rows as the table has them. */
  readonly rows: readonly { readonly key: string | undefined; readonly row: unknown }[];
  readonly cursor: string | undefined;
  /** With `list` and without `partition`: no rows, and partitions of the list that some of its rows stand in. */
  readonly partitions: readonly string[];
}

/** `GET /operations/parked?reader=` of a projection, or of `publisher`; without it of all. */
export interface ParkedList {
  readonly parked: readonly ParkedEntity[];
}

/** `POST /operations/parked/retry` and `/operations/parked/skip` with `{ reader, entityId }`. */
export interface ParkedOutcome {
  /** Undefined: it has caught up. */
  readonly error: string | undefined;
}

/**
 * `POST /operations/projections/{name}/rebuild` with `{}`, and `/rollback` with `{ catchUp?: boolean }`: works for some
 * seconds and answers how far it is. Post again while `isDone` is false.
 */
export interface GenerationProgress {
  readonly isDone: boolean;
  /** The generation that is built, or is served now. */
  readonly generation: number | undefined;
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly secondsLeft: number | undefined;
}

/** `POST /operations/projections/{name}/drop` with `{ generation, abandon?: boolean }` */
export interface Dropped {
  readonly itemsRemoved: number;
}

/** `POST /operations/projections/{name}/verify` with `{}` */
export interface Verification {
  readonly rows: number;
  readonly differences: readonly { readonly key: string; readonly expected: unknown; readonly found: unknown }[];
  readonly behind: number;
  readonly skipped: number;
  readonly failed: readonly { readonly entityId: string; readonly sequenceNumber: number; readonly error: string }[];
}
