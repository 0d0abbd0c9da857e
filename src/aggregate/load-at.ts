import type { Aggregate } from "../definition/aggregate.ts";
import type { Command } from "../definition/decider.ts";
import { checkTime, type EventStore, endOf, type NewEvent } from "../event-store/index.ts";
import type { LoadedAggregate } from "./fold.ts";
import { load } from "./load.ts";

/**
 * The state at a past time (ISO 8601, inclusive; a date without a time is the end of that day): of the last event whose
 * time is not after it. Finding that costs two small reads per halving of the entity's length. Where a writer's clock
 * stood more than five minutes ahead, times go back behind its events, and the events since are read one after another.
 *
 * @throws {InvalidArgumentError} for an invalid time
 */
export async function loadAtTime<State, C extends Command, E extends NewEvent>(
  store: EventStore,
  aggregate: Aggregate<State, C, E>,
  entityId: string,
  time: string,
): Promise<LoadedAggregate<State>> {
  checkTime("time", time);
  const version = await versionAt(store, entityId, endOf(time));
  return loadAt(store, aggregate, entityId, version);
}

/** The last version whose event is not after a time (milliseconds since 1970). */
async function versionAt(store: EventStore, entityId: string, time: number): Promise<number> {
  const head = await headOf(store, entityId);
  if (!head || head.time <= time) return head?.sequenceNumber ?? 0;
  const times = new Map([[head.sequenceNumber, head.time]]);
  async function isUpTo(sequenceNumber: number): Promise<boolean> {
    const [event] = await store.getEvents(entityId, sequenceNumber, sequenceNumber);
    const at = event ? Date.parse(event.eventTime) : Number.POSITIVE_INFINITY;
    times.set(sequenceNumber, at);
    return at <= time;
  }
  let low = 0;
  let high = head.sequenceNumber;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await isUpTo(middle)) low = middle;
    else high = middle;
  }
  for (let step = 1; high + step < head.sequenceNumber; step *= 2) await isUpTo(high + step);
  return neverGoBack(times) ? low : lastUpTo(store, entityId, low, time);
}

async function headOf(store: EventStore, entityId: string) {
  for await (const { sequenceNumber, eventTime } of store.readEvents(entityId, { direction: "backward", limit: 1 }))
    return { sequenceNumber, time: Date.parse(eventTime) };
  return undefined;
}

function neverGoBack(times: ReadonlyMap<number, number>): boolean {
  const inOrder = [...times].sort(([a], [b]) => a - b).map(([, time]) => time);
  return inOrder.every((time, n) => n === 0 || time >= Number(inOrder[n - 1]));
}

/** The same, by looking at every event behind `from`. */
async function lastUpTo(store: EventStore, entityId: string, from: number, time: number): Promise<number> {
  const range = { fromSequence: from + 1, direction: "backward" } as const;
  for await (const { sequenceNumber, eventTime } of store.readEvents(entityId, range))
    if (Date.parse(eventTime) <= time) return sequenceNumber;
  return from;
}

/** The state at a past version, from the nearest snapshot; the newest state when `version` is past the head. */
export function loadAt<State, C extends Command, E extends NewEvent>(
  store: EventStore,
  aggregate: Aggregate<State, C, E>,
  entityId: string,
  version: number,
): Promise<LoadedAggregate<State>> {
  return load(store, aggregate, entityId, { atVersion: version });
}
