import type { StoredEvent } from "../event-store/index.ts";

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
