import type { TableDefinition } from "../../../src/local/service-definition.ts";
import type { Payload } from "../counter.ts";
import type { ClientConfig } from "../engine.ts";
import type { requestCounter } from "../meter.ts";

/** A store as a process uses it: with a client and caches of its own. */
export interface BenchStore {
  /** Appends to an entity that stands at `version`, 0 for a new one; all or none. */
  append(entityId: string, version: number, payloads: readonly Payload[]): Promise<unknown>;
  /** Loads the whole entity and folds it. @returns the sum of its events' `by` */
  load(entityId: string): Promise<number>;
  /** As `load`, from the entity's snapshot on. Absent where the store has no snapshots. */
  loadFromSnapshot?(entityId: string): Promise<number>;
  /** As `append`, and stores a snapshot of the state, with which the entity has `count`. */
  appendWithSnapshot?(entityId: string, version: number, payloads: readonly Payload[], count: number): Promise<unknown>;
  /** One command: reads what it decides on, decides, appends one event, and starts again after a conflict. */
  command(entityId: string, payload: Payload): Promise<unknown>;
  /** Requests sent since the last call, failed ones too. */
  takeRequests(): number;
}

export interface BenchStoreKind {
  readonly name: string;
  /** Whether it appends several events atomically. */
  readonly appendsMany: boolean;
  /** What must be known to compare its numbers. */
  readonly notes?: readonly string[];
  open(): Promise<BenchStore>;
}

/** What the file of a peer exports. */
export interface PeerModule extends Omit<BenchStoreKind, "open"> {
  /** Versions by package. */
  readonly packages: Readonly<Record<string, string>>;
  /** As the peer documents them. */
  readonly tables: readonly TableDefinition["create"][];
  /**
   * @param require resolves in the folder that the packages are installed in
   * @param countRequests see `requestCounter`
   */
  open(require: NodeJS.Require, config: ClientConfig, countRequests: typeof requestCounter): Promise<BenchStore>;
}
