import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { ApiError, addressOf, get, part } from "../api.ts";
import type { EntityDetail, EntityState, PublishedEnvelope, StoredEvent } from "../contract.ts";
import { onNewEvents } from "../event-log.ts";
import { healed } from "../live.ts";
import { errorText } from "../notice.tsx";
import { type Resource, resourceAt } from "../resource.ts";

interface EventsAnswer {
  readonly events: readonly StoredEvent[];
}

/** An entity that is looked at: its last events and those further back that were asked for, kept up to date. */
export class EntityModel {
  readonly detail: Resource<EntityDetail>;
  readonly error = signal<ApiError | undefined>(undefined);
  readonly isFetching = signal(false);
  readonly #events = signal<readonly StoredEvent[]>([]);
  #isStopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(readonly entityId: string) {
    this.detail = resourceAt<EntityDetail>(this.#address("operations/entities", ""));
  }

  /** Newest first, without a hole. */
  get events(): ReadonlySignal<readonly StoredEvent[]> {
    return this.#events;
  }

  readonly version = computed(() => this.#events.value[0]?.sequenceNumber ?? 0);
  readonly hasEarlier = computed(() => (this.#events.value.at(-1)?.sequenceNumber ?? 1) > 1);

  start(): () => void {
    this.#isStopped = false;
    const stopFollowing = onNewEvents((events) => {
      if (events.some(({ entityId }) => entityId === this.entityId)) this.#follow(events);
    });
    const stopHealing = effect(() => {
      healed.value;
      void this.refresh();
    });
    return () => {
      this.#isStopped = true;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      stopFollowing();
      stopHealing();
    };
  }

  /** Asks for what is not of its events, and for events that are missing; again until every reader has read them. */
  async refresh(): Promise<void> {
    await this.detail.refresh();
    this.error.value = this.detail.error.peek();
    const detail = this.detail.data.peek();
    if (!detail || this.error.peek()) return;
    await this.#fetchNewest(detail.version);
    if (this.#isBehind(detail)) this.#refreshLater();
  }

  fetchEarlier(): Promise<void> {
    const first = this.#events.peek().at(-1)?.sequenceNumber ?? 1;
    return this.#fetch(Math.max(1, first - PAGE), first - 1);
  }

  /** What is at a version never changes, so it is fetched once. */
  stateAt(version: number): Resource<EntityState> {
    return resourceAt<EntityState>(this.#address("operations/entities", "/state", { at: version }));
  }

  /** One that is further back than those at hand. */
  eventAt(version: number): Resource<EventsAnswer> {
    return resourceAt(this.#address("entities", "/events", { from: version, to: version }));
  }

  publishedAt(version: number): Resource<{ readonly events: readonly PublishedEnvelope[] }> {
    return resourceAt(this.#address("entities", "/published", { from: version, to: version }));
  }

  #follow(events: readonly StoredEvent[]): void {
    const own = events.filter(({ entityId }) => entityId === this.entityId);
    // Before the first page is there, they would stand alone.
    if (this.#events.peek().length > 0) this.#add(own);
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#refreshLater();
  }

  #refreshLater(): void {
    if (this.#isStopped) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#pauseMs = Math.min(this.#pauseMs * 1.5, LONGEST_PAUSE_MS);
      void this.refresh();
    }, this.#pauseMs);
  }

  #isBehind({ version, readModels, published, isPublisherParked }: EntityDetail): boolean {
    const isPublished = isPublisherParked || published >= version;
    return !isPublished || readModels.some(({ checkpoint, isParked }) => !isParked && checkpoint < version);
  }

  /** All since the last one that is there, unless that is too many. */
  async #fetchNewest(version: number): Promise<void> {
    const head = this.version.peek();
    if (version <= head) return;
    const isFar = head === 0 || version - head > MOST_MISSED;
    if (isFar) this.#events.value = [];
    await this.#fetch(isFar ? Math.max(1, version - PAGE + 1) : head + 1, version);
  }

  async #fetch(from: number, to: number): Promise<void> {
    this.isFetching.value = true;
    try {
      for (let next = from; next <= to; ) {
        const { events } = await get<EventsAnswer>(
          this.#address("entities", "/events", { from: next, to, limit: to - next + 1 }),
        );
        this.#add(events);
        next = (events.at(-1)?.sequenceNumber ?? to) + 1;
      }
    } catch (error) {
      this.error.value = error instanceof ApiError ? error : new ApiError(errorText(error), 0);
    } finally {
      this.isFetching.value = false;
    }
  }

  /** Only what joins on to what is there: what would leave a hole is fetched with the next refresh. */
  #add(events: readonly StoredEvent[]): void {
    const before = this.#events.peek();
    const known = new Map([...before, ...events].map((event) => [event.sequenceNumber, event]));
    let last = before[0]?.sequenceNumber ?? Math.max(0, ...known.keys());
    while (known.has(last + 1)) last += 1;
    const joined: StoredEvent[] = [];
    for (let event = known.get(last); event; event = known.get(event.sequenceNumber - 1)) joined.push(event);
    if (joined.length !== before.length) this.#events.value = joined;
  }

  #address(room: string, rest: string, query = {}): string {
    return addressOf("api", `/${room}/${part(this.entityId)}${rest}`, query);
  }
}

const PAGE = 100;
const MOST_MISSED = 1_000;
const FIRST_PAUSE_MS = 800;
const LONGEST_PAUSE_MS = 15_000;
