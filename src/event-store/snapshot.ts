import type { CommandRecord } from "./command-log.ts";
import type { JsonObject } from "./json.ts";

/** The state of an aggregate at one version, frozen. Never authoritative: losing it costs only loading time. */
export interface Snapshot<T = JsonObject> {
  readonly entityId: string;
  /** The aggregate's version at snapshot time. */
  readonly version: number;
  readonly aggregateType: string;
  readonly snapshotData: T;
  /** ISO 8601. */
  readonly snapshotTime: string;
  readonly eventSequenceNumber: number;
  /** The schema of `snapshotData`. A loader ignores a snapshot of another one than its own. */
  readonly stateVersion?: string;
  /** The entity's last commands at this version, for the recognition of repeats. */
  readonly commands?: readonly CommandRecord[];
  /** Of the event at `version`: tells this history from another that reached the same version. */
  readonly eventId?: string;
  /** Versions of the snapshots before this one, newest first. */
  readonly previous?: readonly number[];
}

export interface SnapshotOptions {
  readonly stateVersion?: string | undefined;
  readonly commands?: readonly CommandRecord[] | undefined;
  readonly previous?: readonly number[] | undefined;
  readonly eventId?: string | undefined;
}

export interface SnapshotQuery {
  /** The highest version to take. Default: any. */
  readonly atMost?: number | undefined;
  /** How many are asked for at a time. Default 4. */
  readonly limit?: number | undefined;
  /** Default true. */
  readonly consistent?: boolean | undefined;
}

/** A snapshot as it is handed in. */
export type NewSnapshot = Pick<Snapshot, "aggregateType" | "entityId" | "version" | "eventSequenceNumber"> & {
  readonly snapshotData: unknown;
};
