import type { JsonObject, StoredEvent } from "../event-store/index.ts";
import type { ProjectionStatus } from "../projector/index.ts";

/** What the console is told: the JSON of `/operations/…`, of the live stream and of the local run. Types only. */

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
  readonly parked: readonly {
    /** The projection's name, or `publisher`. */
    readonly projection: string;
    readonly generation: number;
    readonly entityId: string;
    readonly sequenceNumber: number;
    /** With its stack. */
    readonly error: string;
    readonly attempts: number;
    readonly parkedAt: string;
    readonly event?: StoredEvent | undefined;
  }[];
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

/**
 * `GET /operations/live`, server-sent events, by name. Beside the API only `appended` comes, in short answers that the
 * browser asks for again; the local run keeps the stream open and sends all of them.
 */
export interface LiveEvents {
  /** First of all; `isLocal` where there are `/local/…` and the other kinds. */
  readonly hello: { readonly isLocal: boolean; readonly now: string };
  readonly appended: { readonly events: readonly StoredEvent[] };
  readonly published: {
    readonly entries: readonly {
      readonly eventId: string;
      readonly time: string;
      readonly detailType: string;
      readonly entityId: string;
      /** Undefined for what is no event of an entity, such as a snapshot request. */
      readonly sequenceNumber: number | undefined;
      /** Names of the rules that it matched. */
      readonly rules: readonly string[];
    }[];
  };
  /** What happened in each second, oldest first; seconds in which nothing happened are left out. */
  readonly samples: { readonly samples: readonly Sample[] };
  readonly costs: Costs;
}

export interface Sample {
  /** ISO 8601, the second's begin. */
  readonly time: string;
  readonly appended: number;
  readonly published: number;
  readonly snapshots: number;
  /** Events that a function took, by its key in serverless.yml: `projector`, `publisher`. */
  readonly taken: Readonly<Record<string, number>>;
}

/** Requests to DynamoDB since the run's start. */
export interface Costs {
  readonly since: string;
  readonly operations: readonly {
    /** The function's key. */
    readonly by: string;
    /** `PutItem` */
    readonly operation: string;
    readonly table: string;
    readonly requests: number;
    readonly readUnits: number;
    readonly writeUnits: number;
    /** Unsuccessful ones among the requests. */
    readonly failed: number;
  }[];
  /** Invocations by function. */
  readonly invocations: Readonly<Record<string, number>>;
  readonly published: number;
  /** US dollars. */
  readonly prices: {
    readonly asOf: string;
    readonly readUnit: number;
    readonly writeUnit: number;
    readonly busEvent: number;
    readonly invocation: number;
  };
}

/** `GET /local/bus` of the local run. */
export interface BusState {
  readonly buses: readonly string[];
  /** Events that were ever taken. */
  readonly events: number;
  readonly rules: readonly {
    readonly name: string;
    readonly bus: string;
    readonly pattern: object;
    readonly isEnabled: boolean;
    readonly isDeclared: boolean;
    readonly targets: readonly string[];
    /** Of the last 1,000 events. */
    readonly matched: number;
  }[];
  readonly queues: readonly {
    readonly name: string;
    readonly messages: number;
    /** The queues whose refused messages end here; with any it is a queue of dead letters. */
    readonly deadLettersOf: readonly string[];
  }[];
}

/** `GET /local/queues/{name}`: the first 100 messages. */
export interface QueueMessages {
  readonly messages: readonly {
    readonly messageId: string;
    readonly body: string;
    readonly receiveCount: number;
    readonly attributes: Readonly<Record<string, string>>;
  }[];
}

/** `POST /local/queues/{name}/redrive` with `{}`: dead letters are sent again to where they came from. */
export interface Redriven {
  readonly sent: number;
  /** Those of which nobody knows where they came from stay. */
  readonly left: number;
}

/** `POST /local/bus/test-pattern` with `{ pattern }`, against the last 1,000 events; a bad pattern is a 400. */
export interface PatternTest {
  readonly tried: number;
  readonly matched: number;
  /** The newest that matched, at most 20, as they are on the bus. */
  readonly examples: readonly object[];
}
