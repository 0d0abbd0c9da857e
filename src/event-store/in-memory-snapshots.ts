import { isDeepStrictEqual } from "node:util";
import { type CommandOutcome, OUTCOME_KEPT_MS } from "./command-outcome.ts";
import { deepFreeze } from "./json.ts";
import { checkExpiry, checkSnapshotQuery, prepareSnapshot } from "./prepare-snapshot.ts";
import type { NewSnapshot, Snapshot, SnapshotOptions, SnapshotQuery } from "./snapshot.ts";
import { checkStorable } from "./storable.ts";

/** What the Snapshots table holds, in memory: snapshots, and the outcomes of commands that stored nothing. */
export class InMemorySnapshots {
  readonly #clock: () => Date;
  readonly #snapshots = new Map<string, Snapshot[]>();
  readonly #outcomes = new Map<string, { readonly outcome: CommandOutcome; readonly until: number }>();

  constructor(clock: () => Date) {
    this.#clock = clock;
  }

  store(made: NewSnapshot, options: SnapshotOptions): boolean {
    const snapshot = deepFreeze(structuredClone(prepareSnapshot(made, options, this.#clock)));
    checkStorable(snapshot.snapshotData, "snapshotData");
    const known = this.#snapshots.get(made.entityId) ?? [];
    const before = known.find(({ version }) => version === made.version);
    if (before && isSame(before, snapshot)) return false;
    const all = [...known.filter((one) => one !== before), snapshot];
    this.#snapshots.set(
      made.entityId,
      all.sort((a, b) => b.version - a.version),
    );
    return true;
  }

  read(entityId: string, query: SnapshotQuery): readonly Snapshot[] {
    checkSnapshotQuery(entityId, query);
    const { atMost = Number.POSITIVE_INFINITY } = query;
    return (this.#snapshots.get(entityId) ?? []).filter(({ version }) => version <= atMost);
  }

  /** Removes the snapshot at once: no time to live passes here. */
  expire(entityId: string, version: number, expiresAt: Date): void {
    checkExpiry(entityId, version, expiresAt);
    const left = (this.#snapshots.get(entityId) ?? []).filter((snapshot) => snapshot.version !== version);
    this.#snapshots.set(entityId, left);
  }

  findOutcome(entityId: string, commandId: string): CommandOutcome | undefined {
    const found = this.#outcomes.get(JSON.stringify([entityId, commandId]));
    return found && found.until > this.#clock().getTime() ? found.outcome : undefined;
  }

  /** The first outcome stands. */
  rememberOutcome(outcome: CommandOutcome): void {
    const { entityId, commandId } = outcome;
    if (this.findOutcome(entityId, commandId)) return;
    const until = this.#clock().getTime() + OUTCOME_KEPT_MS;
    this.#outcomes.set(JSON.stringify([entityId, commandId]), { outcome: structuredClone(outcome), until });
  }
}

/** Snapshots are told apart by everything that a loader relies on. */
function isSame(a: Snapshot, b: Snapshot): boolean {
  const { snapshotTime: _, previous: __, ...reliedOn } = a;
  const { snapshotTime: ___, previous: ____, ...others } = b;
  return isDeepStrictEqual(reliedOn, others);
}
