import type { EventStore } from "../event-store/index.ts";

/** How far a reader of the events is behind. */
export interface Waiting {
  /** Events from the oldest waiting one on that it has not taken; a floor when `isFloor`. */
  readonly eventsBehind: number;
  readonly isFloor: boolean;
  /** Seconds since the oldest waiting event that was found was stored; 0 when none waits. */
  readonly oldestWaitingSeconds: number;
}

interface Place {
  readonly entityId: string;
  readonly sequenceNumber: number;
  readonly eventTime: string;
}

/** Of each entity the last event that was taken; undefined when it is parked, and waits for a decision and not for the reader. */
export type Checkpoints = ReadonlyMap<string, number | undefined>;

export interface Probes {
  /** @param checkpointsOf answers for the given entities */
  waiting(
    aggregateTypes: readonly string[],
    checkpointsOf: (entityIds: readonly string[]) => Promise<Checkpoints>,
  ): Promise<Waiting>;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Milliseconds back from now, oldest first. The stream forgets after a day, and so does this. */
const AGES = [24, 12, 6, 3, 1]
  .map((hours) => hours * HOUR)
  .concat([30, 10, 5, 2, 1].map((minutes) => minutes * MINUTE))
  .concat([30, 10].map((seconds) => seconds * SECOND));

/** Keys that are read at each age, and from the oldest waiting one on. */
const PROBE_KEYS = 50;
const COUNTED_KEYS = 1_000;

async function take<T>(source: AsyncIterable<T>, most: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const one of source) {
    taken.push(one);
    if (taken.length === most) break;
  }
  return taken;
}

/**
 * Looks for events that wait, from a day ago on, a few keys at each of a dozen ages. What it reads does
 * not grow with the load: up to 600 keys an aggregate type, read once for all readers, and 1,000 more
 * where something waits. Where fewer than 50 events follow an age, all of them are seen; under more load
 * a single one between two ages may be passed by, a reader that is behind is not.
 */
export function createProbes(store: Pick<EventStore, "readKeysByType">, clock: () => Date): Probes {
  const now = clock().getTime();
  const read = new Map<string, Promise<Place[]>>();

  function keysFrom(aggregateType: string, fromTime: string, limit: number): Promise<Place[]> {
    const name = `${aggregateType} ${fromTime} ${limit}`;
    const known = read.get(name);
    if (known) return known;
    const keys = take(store.readKeysByType(aggregateType, { fromTime, limit }), limit);
    read.set(name, keys);
    return keys;
  }

  type CheckpointsOf = (entityIds: readonly string[]) => Promise<Checkpoints>;

  async function waitingAmong(places: readonly Place[], checkpointsOf: CheckpointsOf): Promise<Place[]> {
    const checkpoints = await checkpointsOf([...new Set(places.map(({ entityId }) => entityId))]);
    return places.filter(({ entityId, sequenceNumber }) => {
      const checkpoint = checkpoints.has(entityId) ? checkpoints.get(entityId) : 0;
      return checkpoint !== undefined && sequenceNumber > checkpoint;
    });
  }

  /** The first age at which something waits, or at which all that follows is seen. */
  async function oldest(aggregateType: string, checkpointsOf: CheckpointsOf): Promise<Place | undefined> {
    for (const age of AGES) {
      const places = await keysFrom(aggregateType, new Date(now - age).toISOString(), PROBE_KEYS);
      const [first] = await waitingAmong(places, checkpointsOf);
      if (first || places.length < PROBE_KEYS) return first;
    }
    return undefined;
  }

  async function ofType(aggregateType: string, checkpointsOf: CheckpointsOf): Promise<Waiting> {
    const first = await oldest(aggregateType, checkpointsOf);
    if (!first) return { eventsBehind: 0, isFloor: false, oldestWaitingSeconds: 0 };
    const places = await keysFrom(aggregateType, first.eventTime, COUNTED_KEYS);
    const waiting = await waitingAmong(places, checkpointsOf);
    return {
      eventsBehind: waiting.length,
      isFloor: places.length === COUNTED_KEYS,
      oldestWaitingSeconds: Math.max(0, Math.round((now - Date.parse(first.eventTime)) / SECOND)),
    };
  }

  async function waiting(aggregateTypes: readonly string[], checkpointsOf: CheckpointsOf): Promise<Waiting> {
    const all = await Promise.all(aggregateTypes.map((type) => ofType(type, checkpointsOf)));
    return {
      eventsBehind: all.reduce((sum, one) => sum + one.eventsBehind, 0),
      isFloor: all.some(({ isFloor }) => isFloor),
      oldestWaitingSeconds: Math.max(0, ...all.map(({ oldestWaitingSeconds }) => oldestWaitingSeconds)),
    };
  }

  return { waiting };
}
