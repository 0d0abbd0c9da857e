import type { Aggregate } from "../definition/aggregate.ts";
import type { Command } from "../definition/decider.ts";
import {
  checkFields,
  type EventStore,
  type Fields,
  type NewEvent,
  type Snapshot,
  type StoredEvent,
  UNKNOWN_COMMAND_LOG,
} from "../event-store/index.ts";
import { type AnyCommandAggregate, EvolveError, emptyAggregate, fold, type LoadedAggregate } from "./fold.ts";

export interface LoadOptions {
  /** Load the state as it was at this version. Default: the newest. */
  readonly atVersion?: number | undefined;
  /** Default true. False costs half and may be behind; a command may use it, for its append would conflict. */
  readonly consistent?: boolean | undefined;
  /** How many of the last events are asked for together with the snapshot. Default 101: the snapshot interval and one. */
  readonly tail?: number | undefined;
  /** Default true. */
  readonly useSnapshots?: boolean | undefined;
}

/**
 * An aggregate's state: its newest snapshot and its last events, asked for at the same time, so one
 * round trip when snapshots have kept up and two when not. A snapshot is used only if the events
 * prove that its version exists, and if `evolve` can go on from it.
 */
export async function load<State, C extends Command, E extends NewEvent>(
  store: EventStore,
  aggregate: Aggregate<State, C, E>,
  entityId: string,
  options: LoadOptions = {},
): Promise<LoadedAggregate<State>> {
  checkFields("options", options, OPTIONS);
  store.declare(aggregate);
  const { atVersion, consistent = true, tail: tailSize = DEFAULT_TAIL, useSnapshots = true } = options;
  if (atVersion === 0) return emptyAggregate(entityId, aggregate.initialState);
  const find = async (limit: number, atMost = atVersion): Promise<Found> =>
    useSnapshots
      ? findSnapshot(store, aggregate, { entityId, query: { atMost, consistent, limit } })
      : { snapshot: undefined, looked: 0 };
  const [newest, tail] = await Promise.all([
    find(1),
    readTail(store, entityId, { atVersion, consistent, tail: tailSize }),
  ]);
  const head = tail.at(-1)?.sequenceNumber ?? 0;
  const isBehind = head < (atVersion ?? store.knownVersion(entityId) ?? 0);
  const isAhead = newest.snapshot !== undefined && newest.snapshot.version > head;
  if (!consistent && (isBehind || isAhead)) return load(store, aggregate, entityId, { ...options, consistent: true });
  const isNeeded = (tail[0]?.sequenceNumber ?? 1) > 1;
  const isOthersOnly = newest.looked > 0 && (isAhead || newest.snapshot === undefined);
  const { snapshot } = isNeeded && isOthersOnly ? await find(8, head) : newest;
  return assemble(store, aggregate, { entityId, snapshot, tail });
}

interface Found {
  readonly snapshot: Snapshot | undefined;
  /** Readable snapshots that were looked at: 0 when there is none at all. */
  readonly looked: number;
}

/** The newest snapshot at or below `atMost` that this code made and that fits; a few are looked at, then none is used. */
async function findSnapshot(
  store: EventStore,
  aggregate: AnyCommandAggregate<unknown, NewEvent>,
  {
    entityId,
    query,
  }: { readonly entityId: string; readonly query: { atMost: number | undefined; consistent: boolean; limit: number } },
): Promise<Found> {
  let looked = 0;
  for await (const snapshot of store.readSnapshots(entityId, query)) {
    looked += 1;
    if (await isUsable(aggregate, snapshot)) return { snapshot, looked };
    if (looked >= query.limit) break;
  }
  return { snapshot: undefined, looked };
}

async function isUsable(aggregate: AnyCommandAggregate<unknown, NewEvent>, snapshot: Snapshot): Promise<boolean> {
  if (snapshot.aggregateType !== aggregate.aggregateType) return false;
  if (snapshot.stateVersion !== aggregate.stateVersion) return false;
  if (snapshot.version !== snapshot.eventSequenceNumber) return false;
  // No snapshot is made of another state: somebody else has written it.
  const { snapshotData: data } = snapshot;
  if (typeof data !== "object" || data === null || Array.isArray(data)) return false;
  const result = await aggregate.stateSchema?.["~standard"].validate(snapshot.snapshotData);
  return !result?.issues;
}

async function readTail(
  store: EventStore,
  entityId: string,
  options: Pick<LoadOptions, "atVersion" | "consistent"> & { readonly tail: number },
): Promise<StoredEvent[]> {
  const { atVersion, consistent, tail } = options;
  const events: StoredEvent[] = [];
  const range = { toSequence: atVersion, direction: "backward", limit: tail, consistent } as const;
  for await (const event of store.readEvents(entityId, range)) events.push(event);
  return events.reverse();
}

async function assemble<State, E extends NewEvent>(
  store: EventStore,
  aggregate: AnyCommandAggregate<State, E>,
  {
    entityId,
    snapshot,
    tail,
  }: { readonly entityId: string; readonly snapshot: Snapshot | undefined; readonly tail: readonly StoredEvent[] },
): Promise<LoadedAggregate<State>> {
  const first = tail[0]?.sequenceNumber ?? 1;
  const nothing = emptyAggregate(entityId, aggregate.initialState);
  if (snapshot && first > 1) {
    const from = eventsFrom(store, entityId, { from: snapshot.version, tail });
    const loaded = await goOnFrom(aggregate, snapshot, from);
    if (loaded) return loaded;
  }
  let loaded = nothing;
  for await (const events of eventsFrom(store, entityId, { from: 1, tail })) loaded = fold(aggregate, loaded, events);
  return loaded;
}

/** How many events a range has, and how many ranges are asked for at a time. */
const RANGE_EVENTS = 500;
const RANGES_AHEAD = 4;

/** Events from `from` on: what lies before the tail, where snapshots did not keep up, is asked for range beside range. */
async function* eventsFrom(
  store: EventStore,
  entityId: string,
  { from, tail }: { readonly from: number; readonly tail: readonly StoredEvent[] },
): AsyncGenerator<readonly StoredEvent[]> {
  const last = (tail[0]?.sequenceNumber ?? 1) - 1;
  const ahead: Promise<StoredEvent[]>[] = [];
  let next = from;
  const ask = () => {
    if (next > last) return;
    const range = store.getEvents(entityId, next, Math.min(next + RANGE_EVENTS - 1, last));
    // Whoever reads the ranges hears of it, in their order.
    range.catch(() => undefined);
    ahead.push(range);
    next += RANGE_EVENTS;
  };
  for (let n = 0; n < RANGES_AHEAD; n += 1) ask();
  for (let range = ahead.shift(); range; range = ahead.shift()) {
    const events = await range;
    ask();
    yield events;
  }
  yield tail.filter(({ sequenceNumber }) => sequenceNumber >= from);
}

function fromSnapshot<State>(snapshot: Snapshot): LoadedAggregate<State> {
  const { commands: records } = snapshot;
  return {
    entityId: snapshot.entityId,
    version: snapshot.version,
    state: snapshot.snapshotData as State,
    commands: records ? { records, complete: true } : UNKNOWN_COMMAND_LOG,
    eventId: snapshot.eventId,
  };
}

/**
 * The state from a snapshot on, given the events from its own one. Undefined when that event does not carry the id that
 * the snapshot names, so that it is of another history, and when `evolve` cannot go on: it may be of a state that the
 * events never had.
 */
async function goOnFrom<State, E extends NewEvent>(
  aggregate: AnyCommandAggregate<State, E>,
  snapshot: Snapshot,
  from: AsyncIterable<readonly StoredEvent[]>,
): Promise<LoadedAggregate<State> | undefined> {
  let loaded = fromSnapshot<State>(snapshot);
  let isProven = snapshot.eventId === undefined;
  try {
    for await (const events of from) {
      const own = events.find(({ sequenceNumber }) => sequenceNumber === snapshot.version);
      isProven ||= own?.eventId === snapshot.eventId;
      if (!isProven) return undefined;
      const rest = events.filter(({ sequenceNumber }) => sequenceNumber > snapshot.version);
      loaded = fold(aggregate, loaded, rest);
    }
    return loaded;
  } catch (error) {
    if (error instanceof EvolveError) return undefined;
    throw error;
  }
}

const OPTIONS: Fields<LoadOptions> = { atVersion: true, consistent: true, tail: true, useSnapshots: true };

/** The snapshot interval, and the event that the snapshot was made at. */
const DEFAULT_TAIL = 101;

/** Takes in what came after `loaded`, strongly consistent. */
export async function loadAfter<State, C extends Command, E extends NewEvent>(
  store: EventStore,
  aggregate: Aggregate<State, C, E>,
  loaded: LoadedAggregate<State>,
): Promise<LoadedAggregate<State>> {
  return fold(aggregate, loaded, await store.getEvents(loaded.entityId, loaded.version + 1));
}
