import { load } from "../aggregate/index.ts";
import type { Aggregate, Command } from "../definition/index.ts";
import {
  type EventStore,
  type EventStoreError,
  isEventStoreError,
  type NewEvent,
  type Snapshot,
} from "../event-store/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: aggregates of any state, command and event
export type AnyAggregate = Aggregate<any, any, any>;

export interface SnapshotterContext {
  readonly store: EventStore;
  readonly aggregates: readonly AnyAggregate[];
  readonly clock: () => Date;
  /** How many snapshots of an entity are kept; older ones are left to time to live. At least 1, default 3. */
  readonly keep?: number;
}

/** What became of one snapshot that was due. */
export type SnapshotOutcome =
  | { readonly outcome: "made"; readonly version: number }
  /** One of this code stands at the entity's version. */
  | { readonly outcome: "current"; readonly version: number }
  | { readonly outcome: "too-large"; readonly bytes: number }
  /** The state is not plain JSON: a snapshot would give another one back. */
  | { readonly outcome: "unstorable"; readonly reason: string }
  | { readonly outcome: "missing" };

export function aggregateOf(context: SnapshotterContext, aggregateType: string): AnyAggregate | undefined {
  return context.aggregates.find((aggregate) => aggregate.aggregateType === aggregateType);
}

/**
 * Makes the snapshot of an entity at its newest version. Called twice, late or out of order it does
 * no harm: what stands already is left, and an older one never takes a newer one's place.
 */
export async function makeSnapshot<State, C extends Command, E extends NewEvent>(
  context: SnapshotterContext,
  aggregate: Aggregate<State, C, E>,
  entityId: string,
): Promise<SnapshotOutcome> {
  const { store, clock, keep = DEFAULT_KEEP } = context;
  const newest = await newestSnapshot(store, entityId);
  const { version, state, commands, eventId } = await load(store, aggregate, entityId);
  if (version === 0) return { outcome: "missing" };
  const isOurs = newest?.stateVersion === aggregate.stateVersion && newest.eventId === eventId;
  const isCurrent = newest?.version === version && isOurs;
  if (isCurrent) return { outcome: "current", version };
  const isBefore = newest !== undefined && newest.version < version;
  const { previous, expired } = thin(isBefore ? newest : undefined, keep);
  const records = commands.complete ? commands.records : undefined;
  const options = { stateVersion: aggregate.stateVersion, commands: records, previous, eventId };
  try {
    const { aggregateType } = aggregate;
    const snapshot = { aggregateType, entityId, version, snapshotData: state, eventSequenceNumber: version };
    const isStored = await store.storeSnapshot(snapshot, options);
    if (!isStored) return { outcome: "current", version };
  } catch (error) {
    if (isTooLarge(error)) return { outcome: "too-large", bytes: error.bytes };
    if (isUnstorable(error)) return { outcome: "unstorable", reason: error.message };
    throw error;
  }
  const expiresAt = new Date(clock().getTime() + EXPIRY_MS);
  await Promise.all(expired.map((old) => store.expireSnapshot(entityId, old, expiresAt)));
  return { outcome: "made", version };
}

const DEFAULT_KEEP = 3;
/** After this many milliseconds a snapshot that fell out of the last K may be removed. */
const EXPIRY_MS = 24 * 60 * 60 * 1000;

const isTooLarge = (error: unknown): error is EventStoreError & { readonly bytes: number } =>
  isEventStoreError(error) && error.code === "TOO_LARGE";

const newestSnapshot = async (store: EventStore, entityId: string): Promise<Snapshot | undefined> =>
  (await store.getLatestSnapshot<Snapshot["snapshotData"]>(entityId)) ?? undefined;

/** The versions of the newest snapshots before this one, and those that it pushes out. */
function thin(newest: { version: number; previous?: readonly number[] } | undefined, keep: number) {
  const versions = newest ? [newest.version, ...(newest.previous ?? [])] : [];
  return { previous: versions.slice(0, keep - 1), expired: versions.slice(keep - 1) };
}

const isUnstorable = (error: unknown): error is EventStoreError =>
  isEventStoreError(error) && error.code === "UNSTORABLE_VALUE";
