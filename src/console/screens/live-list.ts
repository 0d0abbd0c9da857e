import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { ApiError, addressOf, get, part } from "../api.ts";
import type { EventsPage, StoredEvent } from "../contract.ts";
import { keyOf, newestEvents, newestFirst } from "../event-log.ts";
import { errorText } from "../notice.tsx";
import { eventTypes } from "../service.ts";
import { type Filters, isFiltered, matches } from "./live-filters.tsx";

/** What the live screen lists: new events on top, held while somebody reads further down, and older pages below. */
export class LiveList {
  readonly isPaused = signal(false);
  readonly isFetching = signal(false);
  readonly hasOlder = signal(true);
  readonly error = signal<ApiError | undefined>(undefined);
  readonly #isAway = signal(false);
  readonly #held = signal<readonly StoredEvent[] | undefined>(undefined);
  readonly #older = signal<readonly StoredEvent[]>([]);
  readonly #filters: Filters;
  #before: string | undefined;

  constructor(filters: Filters) {
    this.#filters = filters;
  }

  /** Fetches a first page where the newest events are not enough. */
  start(): void {
    if (isFiltered(this.#filters) && this.shown.peek().length < FEW) void this.fetchOlder();
  }

  readonly #live = computed(() =>
    isFiltered(this.#filters)
      ? newestEvents.value.filter((event) => matches(event, this.#filters))
      : newestEvents.value,
  );

  readonly shown: ReadonlySignal<readonly StoredEvent[]> = computed(() => {
    const live = this.#held.value ?? this.#live.value;
    if (this.#older.value.length === 0) return live;
    const keys = new Set(live.map(keyOf));
    return [...live, ...this.#older.value.filter((event) => !keys.has(keyOf(event)))];
  });

  readonly isHeld = computed(() => this.#held.value !== undefined);

  /** How many came since the list is held. */
  readonly waiting = computed(() => {
    const newest = this.#held.value?.[0];
    if (this.#held.value === undefined) return 0;
    const live = this.#live.value;
    const index = newest ? live.findIndex((event) => event.eventId === newest.eventId) : -1;
    return index < 0 ? live.length : index;
  });

  pause(isPaused: boolean): void {
    this.isPaused.value = isPaused;
    this.#hold();
  }

  leaveTop = (hasLeft: boolean): void => {
    this.#isAway.value = hasLeft;
    this.#hold();
  };

  #hold(): void {
    const isHeld = this.isPaused.value || this.#isAway.value;
    this.#held.value = isHeld ? (this.#held.peek() ?? this.#live.peek()) : undefined;
  }

  async fetchOlder(): Promise<void> {
    this.isFetching.value = true;
    this.error.value = undefined;
    try {
      let found = 0;
      for (let pages = 0; pages < MOST_PAGES && found < FEW && this.hasOlder.peek(); pages += 1)
        found += this.#take(await this.#fetchPage());
    } catch (error) {
      this.error.value = error instanceof ApiError ? error : new ApiError(errorText(error), 0);
    } finally {
      this.isFetching.value = false;
    }
  }

  /** @returns how many are new */
  #take(events: readonly StoredEvent[]): number {
    const known = new Set(this.shown.peek().map(keyOf));
    const fresh = events.filter((event) => matches(event, this.#filters) && !known.has(keyOf(event)));
    if (fresh.length > 0) this.#older.value = [...this.#older.peek(), ...fresh].sort(newestFirst);
    return fresh.length;
  }

  /** By the index that tells most apart; the rest is done here. */
  async #fetchPage(): Promise<readonly StoredEvent[]> {
    const { entity, user, type } = this.#filters;
    if (entity !== "" && this.#before === undefined) {
      const events = await eventsOfEntity(entity);
      if (events.length > 0) {
        this.hasOlder.value = false;
        return events;
      }
    }
    const isKnownType = eventTypes.value.includes(type);
    const query = user !== "" ? { user } : isKnownType ? { type } : {};
    const path = addressOf("api", "/operations/events", { ...query, before: this.#before, limit: PAGE });
    const { events, before } = await get<EventsPage>(path);
    this.#before = before;
    this.hasOlder.value = before !== undefined;
    return events;
  }
}

/** None where the text is only a part of an id. */
async function eventsOfEntity(entityId: string): Promise<readonly StoredEvent[]> {
  try {
    const address = addressOf("api", `/entities/${part(entityId)}/events`, { limit: 1_000 });
    return (await get<{ readonly events: readonly StoredEvent[] }>(address)).events;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}

const PAGE = 100;
const FEW = 50;
/** That are looked through for some that match, before the reader is asked again. */
const MOST_PAGES = 5;
