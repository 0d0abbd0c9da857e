import {
  type EventStore,
  type EventTypeLookup,
  isEventStoreError,
  type StoredEvent,
  UpcastError,
  upcast,
} from "../event-store/index.ts";
import { contiguous, type EntityBatch, missingEvent } from "./entity-batch.ts";

/** An event that a reader of the stream cannot take. */
export interface Poison {
  readonly sequenceNumber: number;
  readonly error: Error;
  /** Missing when it could not be read. */
  readonly event?: StoredEvent | undefined;
}

/** The next events of an entity, without a hole, upcast; behind them an event that could not be read, if there is one. */
export interface NextEvents {
  readonly events: readonly StoredEvent[];
  readonly unreadable: Poison | undefined;
}

export interface EventSource {
  readonly store: Pick<EventStore, "readEvents">;
  readonly eventTypes: EventTypeLookup;
  /**
   * Events that are asked for in one request, for a reader that takes long over each: what it was cut off from is read
   * again. Default: what fits into a page.
   */
  readonly eventsARequest?: number | undefined;
}

/** A read of the store that is under way. */
interface Reading {
  readonly events: AsyncIterator<StoredEvent>;
  next: number;
  readonly until: number;
}

/** What is read at a time: so many events, or as many as come to so many characters of JSON, if that is less. */
const MAX_EVENTS = 1_000;
const MAX_CHARACTERS = 1024 * 1024;

/**
 * The events of one entity up to the end of a batch, a bounded part at a time: from the batch when it has
 * them all, else from the store. Events never change, so what was read is kept until it is behind.
 */
export class EntityEvents {
  readonly #source: EventSource;
  readonly #batch: EntityBatch;
  #part: NextEvents = { events: [], unreadable: undefined };
  /** Reads on in the store, from behind the last part. */
  #reading: Reading | undefined;
  #repaired = 0;
  #held = 0;

  constructor(source: EventSource, batch: EntityBatch) {
    this.#source = source;
    this.#batch = batch;
  }

  /** Events that came from the store because the batch did not have them. */
  get repaired(): number {
    return this.#repaired;
  }

  /** Characters of JSON that are held of what was read from the store. */
  get held(): number {
    return this.#held;
  }

  /** Lets go of what was read: the entity is done with. */
  release(): void {
    this.#part = { events: [], unreadable: undefined };
    this.#reading = undefined;
    this.#held = 0;
  }

  /** What is known already of the events behind `after`, without asking the store. */
  peek(after: number): NextEvents | undefined {
    const rest = this.#rest(after);
    if (rest) return rest;
    const delivered = contiguous(this.#batch.events, after + 1, this.#batch.upTo);
    if (!delivered) return undefined;
    this.#part = upcastAll(this.#source.eventTypes, delivered);
    return this.#part;
  }

  /** The next events behind `after`; none when that is the end of the batch. @throws what the store throws of itself */
  async next(after: number): Promise<NextEvents> {
    if (after >= this.#batch.upTo) return { events: [], unreadable: undefined };
    return this.peek(after) ?? (await this.#read(after));
  }

  #rest(after: number): NextEvents | undefined {
    const { events, unreadable } = this.#part;
    const left = events.filter(({ sequenceNumber }) => sequenceNumber > after);
    const isNext = left[0]?.sequenceNumber === after + 1;
    if (isNext) return left.length === events.length ? this.#part : { events: left, unreadable };
    return left.length === 0 && unreadable?.sequenceNumber === after + 1 ? { events: [], unreadable } : undefined;
  }

  async #read(after: number): Promise<NextEvents> {
    const { entityId, upTo } = this.#batch;
    if (this.#reading?.next !== after + 1 || this.#reading.next > this.#reading.until) {
      const until = Math.min(upTo, after + (this.#source.eventsARequest ?? upTo));
      const range = { fromSequence: after + 1, toSequence: until };
      const events = this.#source.store.readEvents(entityId, range)[Symbol.asyncIterator]();
      this.#reading = { events, next: after + 1, until };
    }
    const part = await this.#readPart(this.#reading);
    const known = new Set(this.#batch.events.map(({ sequenceNumber }) => sequenceNumber));
    this.#repaired += part.events.filter(({ sequenceNumber }) => !known.has(sequenceNumber)).length;
    this.#part = part;
    return part;
  }

  async #readPart(reading: Reading): Promise<NextEvents> {
    const events: StoredEvent[] = [];
    let characters = 0;
    try {
      while (events.length < MAX_EVENTS && characters < MAX_CHARACTERS && reading.next <= reading.until) {
        const { value, done } = await reading.events.next();
        if (done) return { events, unreadable: { sequenceNumber: reading.next, error: missingEvent(reading.next) } };
        events.push(value);
        reading.next += 1;
        characters += JSON.stringify(value.eventData)?.length ?? 0;
        this.#held = characters;
      }
      return { events, unreadable: undefined };
    } catch (error) {
      this.#reading = undefined;
      // The store says that the event cannot be read; what the SDK throws says nothing about it.
      if (!isEventStoreError(error)) throw error;
      return { events, unreadable: poisonOf(reading.next, error) };
    }
  }
}

/** Events up to the first that cannot be upcast. */
function upcastAll(eventTypes: EventTypeLookup, delivered: readonly StoredEvent[]): NextEvents {
  const events: StoredEvent[] = [];
  for (const event of delivered) {
    try {
      events.push(upcast(eventTypes, event));
    } catch (error) {
      // The store says that the event cannot be read; what the SDK throws says nothing about it.
      if (!isEventStoreError(error)) throw error;
      return { events, unreadable: { ...poisonOf(event.sequenceNumber, error), event } };
    }
  }
  return { events, unreadable: undefined };
}

const poisonOf = (sequenceNumber: number, error: Error): Poison => ({
  sequenceNumber,
  error,
  event: error instanceof UpcastError ? error.event : undefined,
});
