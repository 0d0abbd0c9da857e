import { collect, type EventKey, type EventStore, type IndexReadOptions } from "../event-store/index.ts";

/** How far a reader of the events is behind. */
export interface Lag {
  /** Events from the oldest waiting one on that it has not taken; a floor when `isFloor`. */
  readonly eventsBehind: number;
  readonly isFloor: boolean;
  /** Seconds since the oldest waiting event that was found was stored; 0 when none waits. */
  readonly oldestWaitingSeconds: number;
}

/** Of each entity the last event that was taken; undefined when it is parked, and waits for a decision and not for the reader. */
export type Checkpoints = ReadonlyMap<string, number | undefined>;

export interface LagProbes {
  /** @param checkpointsOf answers for the given entities */
  lag(
    aggregateTypes: readonly string[],
    checkpointsOf: (entityIds: readonly string[]) => Promise<Checkpoints>,
  ): Promise<Lag>;
}

/**
 * Looks for events that wait, 50 keys at a time: the first of the last day, the newest, and where those tell
 * that something waits, between the two by halves. What it reads does not grow with the load: some 30 looks
 * an aggregate type and reader at most, and 1,000 keys more where something waits; with sharded indexes as
 * many a shard, and all events of one millisecond where more than 50 share it. Few events are seen all; of
 * many, a reader that is behind is found to the second, or to a hundredth of its lag. A single event that
 * was passed by in the midst of many may be missed.
 */
export function createLagProbes(store: Pick<EventStore, "readKeysByType">, clock: () => Date): LagProbes {
  const now = Math.floor(clock().getTime() / SECOND) * SECOND;
  const read = new Map<string, Promise<EventKey[]>>();

  type Look = Pick<IndexReadOptions, "fromTime" | "direction"> & { readonly limit: number };

  function keys(aggregateType: string, look: Look): Promise<EventKey[]> {
    const name = `${aggregateType} ${JSON.stringify(look)}`;
    const known = read.get(name);
    if (known) return known;
    const found = collect(store.readKeysByType(aggregateType, look), (key) => key);
    read.set(name, found);
    return found;
  }

  const keysFrom = (aggregateType: string, time: number, limit = PROBE_KEYS): Promise<EventKey[]> =>
    keys(aggregateType, { fromTime: new Date(time).toISOString(), limit });

  const newest = async (aggregateType: string): Promise<EventKey[]> => {
    const fromTime = new Date(now - DAY).toISOString();
    return (await keys(aggregateType, { fromTime, direction: "backward", limit: PROBE_KEYS })).slice().reverse();
  };

  type CheckpointsOf = (entityIds: readonly string[]) => Promise<Checkpoints>;

  async function waitingAmong(places: readonly EventKey[], checkpointsOf: CheckpointsOf): Promise<EventKey[]> {
    const checkpoints = await checkpointsOf([...new Set(places.map(({ entityId }) => entityId))]);
    return places.filter(({ entityId, sequenceNumber }) => {
      const checkpoint = checkpoints.has(entityId) ? checkpoints.get(entityId) : 0;
      return checkpoint !== undefined && sequenceNumber > checkpoint;
    });
  }

  const timeOf = ({ eventTime }: EventKey): number => Math.floor(Date.parse(eventTime) / SECOND) * SECOND;

  /** The oldest waiting event between a time at which none waits and one that does, by halves. */
  async function narrow(
    type: string,
    from: number,
    { to, checkpointsOf }: { readonly to: EventKey; readonly checkpointsOf: CheckpointsOf },
  ): Promise<EventKey> {
    let none = from;
    let found = to;
    while (timeOf(found) - none > Math.max(SECOND, (now - timeOf(found)) / 100)) {
      const middle = Math.floor((none + timeOf(found)) / 2 / SECOND) * SECOND;
      if (middle === none) break;
      const [first] = await waitingAmong(await keysFrom(type, middle), checkpointsOf);
      if (first && timeOf(first) < timeOf(found)) found = first;
      else none = middle;
    }
    return found;
  }

  async function oldest(type: string, checkpointsOf: CheckpointsOf): Promise<EventKey | undefined> {
    const places = await keysFrom(type, now - DAY);
    const [first] = await waitingAmong(places, checkpointsOf);
    if (first || places.length < PROBE_KEYS) return first;
    const [late] = await waitingAmong(await newest(type), checkpointsOf);
    if (late) return narrow(type, now - DAY, { to: late, checkpointsOf });
    let none = now - DAY;
    for (const age of AGES) {
      const [straggler] = await waitingAmong(await keysFrom(type, now - age), checkpointsOf);
      if (straggler) return narrow(type, none, { to: straggler, checkpointsOf });
      none = now - age;
    }
    return undefined;
  }

  async function ofType(aggregateType: string, checkpointsOf: CheckpointsOf): Promise<Lag> {
    const first = await oldest(aggregateType, checkpointsOf);
    if (!first) return { eventsBehind: 0, isFloor: false, oldestWaitingSeconds: 0 };
    const places = await keysFrom(aggregateType, timeOf(first), COUNTED_KEYS);
    const waiting = await waitingAmong(places, checkpointsOf);
    return {
      eventsBehind: Math.max(1, waiting.length),
      isFloor: places.length === COUNTED_KEYS,
      oldestWaitingSeconds: Math.max(0, Math.round((now - Date.parse(first.eventTime)) / SECOND)),
    };
  }

  async function lag(aggregateTypes: readonly string[], checkpointsOf: CheckpointsOf): Promise<Lag> {
    const all = await Promise.all(aggregateTypes.map((type) => ofType(type, checkpointsOf)));
    return {
      eventsBehind: all.reduce((sum, one) => sum + one.eventsBehind, 0),
      isFloor: all.some(({ isFloor }) => isFloor),
      oldestWaitingSeconds: Math.max(0, ...all.map(({ oldestWaitingSeconds }) => oldestWaitingSeconds)),
    };
  }

  return { lag };
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The stream keeps records for one day; events are searched over the same period. */
const DAY = 24 * HOUR;

/** Milliseconds back from now, where a single straggler is looked for when the newest events are taken. */
const AGES = [12, 6, 3, 1]
  .map((hours) => hours * HOUR)
  .concat([30, 10, 5, 2, 1].map((minutes) => minutes * MINUTE))
  .concat([30, 10].map((seconds) => seconds * SECOND));

/** Keys that are read at each look, and from the oldest waiting one on. */
const PROBE_KEYS = 50;
const COUNTED_KEYS = 1_000;
