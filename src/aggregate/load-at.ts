import { checkTime, type EventStore, endOf, type NewEvent, type StoredEvent } from "../event-store/index.ts";
import type { Aggregate, Command } from "./decider.ts";
import { type Loaded, load } from "./load.ts";

/** The state at a past version, from the nearest snapshot; the newest state when `version` is past the head. */
export function loadAt<State, C extends Command, E extends NewEvent>(
  store: EventStore,
  aggregate: Aggregate<State, C, E>,
  entityId: string,
  version: number,
): Promise<Loaded<State>> {
  return load(store, aggregate, entityId, { atVersion: version });
}

async function eventAt(store: EventStore, entityId: string, sequenceNumber: number): Promise<StoredEvent | undefined> {
  const [event] = await store.getEvents(entityId, sequenceNumber, sequenceNumber);
  return event;
}

/** The last version at or before a time, by bisection: time never goes backwards within an entity. */
async function versionAt(store: EventStore, entityId: string, time: number): Promise<number> {
  let head: StoredEvent | undefined;
  for await (const event of store.readEvents(entityId, { direction: "backward", limit: 1 })) head = event;
  const isUpTo = ({ eventTime }: StoredEvent) => Date.parse(eventTime) <= time;
  if (!head || isUpTo(head)) return head?.sequenceNumber ?? 0;
  let low = 0;
  let high = head.sequenceNumber;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const event = await eventAt(store, entityId, middle);
    if (event && isUpTo(event)) low = middle;
    else high = middle;
  }
  return low;
}

/** The state at a past time (ISO 8601, inclusive; a date without a time is the end of that day). Finding the version costs one small read per halving. */
export async function loadAtTime<State, C extends Command, E extends NewEvent>(
  store: EventStore,
  aggregate: Aggregate<State, C, E>,
  entityId: string,
  time: string,
): Promise<Loaded<State>> {
  checkTime("time", time);
  const version = await versionAt(store, entityId, endOf(time));
  return loadAt(store, aggregate, entityId, version);
}
