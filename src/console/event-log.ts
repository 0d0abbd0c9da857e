import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { addressOf, get } from "./api.ts";
import { askAgain } from "./ask-again.ts";
import type { EventsPage, StoredEvent } from "./contract.ts";
import { healed, onLive } from "./live.ts";

/** The newest events of the service, newest first, as many as are kept. */
const kept = signal<readonly StoredEvent[]>([]);
const dropped = signal(0);
const loaded = signal(false);

export const newestEvents: ReadonlySignal<readonly StoredEvent[]> = kept;
/** How many had to make room; they are in the store. */
export const droppedEvents: ReadonlySignal<number> = dropped;
export const isEventLogLoaded: ReadonlySignal<boolean> = loaded;

export const MOST_EVENTS = 5_000;
const FIRST_PAGE = 100;

/** Follows the live stream; what was missed while it was lost is fetched. */
export function startEventLog(): void {
  onLive("appended", ({ events }) => add(events));
  effect(() => {
    healed.value;
    void askAgain(fetchNewest);
  });
}

async function fetchNewest(): Promise<boolean> {
  try {
    const { events } = await get<EventsPage>(addressOf("api", "/operations/events", { limit: FIRST_PAGE }));
    add(events);
    loaded.value = true;
    return true;
  } catch {
    // The screens say that the service does not answer.
    return false;
  }
}

export const keyOf = ({ entityId, sequenceNumber }: Pick<StoredEvent, "entityId" | "sequenceNumber">): string =>
  `${entityId}#${sequenceNumber}`;

const keys = new Set<string>();

/** An event that is told twice is known by its entity and number. */
function add(events: readonly StoredEvent[]): void {
  const fresh = events.filter((event) => !keys.has(keyOf(event)) && keys.add(keyOf(event)));
  if (fresh.length === 0) return;
  fresh.sort(newestFirst);
  const before = kept.peek();
  const isInOrder = before[0] === undefined || (fresh.at(-1)?.eventTime ?? "") >= before[0].eventTime;
  const all = isInOrder ? [...fresh, ...before] : [...fresh, ...before].sort(newestFirst);
  for (const event of all.slice(MOST_EVENTS)) keys.delete(keyOf(event));
  if (all.length > MOST_EVENTS) dropped.value += all.length - MOST_EVENTS;
  kept.value = all.slice(0, MOST_EVENTS);
  for (const listener of listeners) listener(fresh);
}

const listeners = new Set<(events: readonly StoredEvent[]) => void>();

/** Hears of each event once, newest first. @returns ends it */
export function onNewEvents(listener: (events: readonly StoredEvent[]) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export const newestFirst = (a: StoredEvent, b: StoredEvent): number =>
  compare(b.eventTime, a.eventTime) || compare(a.entityId, b.entityId) || b.sequenceNumber - a.sequenceNumber;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
