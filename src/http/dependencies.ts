import type { Projection } from "../definition/index.ts";
import type { EventStore } from "../event-store/index.ts";
import type { ProjectionStatus, RowReaderOf } from "../projector/index.ts";

/** One line for the log, without payloads. */
export interface RequestLine {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly correlationId: string;
  readonly detail?: string | undefined;
  /** Unexpected errors only. */
  readonly error?: Error | undefined;
}

export interface HttpDependencies {
  readonly store: EventStore;
  /** The rows of a projection, of its serving generation. */
  readonly rows: <P extends Projection>(projection: P) => RowReaderOf<P>;
  /** How far every projection is. */
  readonly status: () => Promise<ProjectionStatus[]>;
  /** Entities of each aggregate whose state is kept between commands. At least 1, default 1,000. */
  readonly cachedEntities?: number;
  readonly clock: () => Date;
  readonly newId: () => string;
  /** The caller, from what the platform says of the request; undefined is a 401. */
  readonly identify: (env: unknown, headers: Headers) => string | undefined;
  /** What the caller may do besides (see `mayReadActivity`). Default: nothing. */
  readonly scopesOf?: (env: unknown, headers: Headers) => readonly string[];
  /** Whether `/entities/{id}/published` shows the user, as the bus does. Default false. */
  readonly publishUserId?: boolean | undefined;
  readonly log: (line: RequestLine) => void;
  /** Waits between looks at a read model that is behind. */
  readonly pause: (milliseconds: number) => Promise<void>;
}
