import { randomFraction } from "../event-store/defaults.ts";
import { type EventStore, LruMap } from "../event-store/index.ts";

/**
 * How hard writers compete for entities, as this process has found it. A writer that has lost races steps back before
 * its next command on that entity too: the one that has just stored knows the head best, and would store again and again
 * while the others wait. The longest pause doubles with each race that is lost and shrinks as races are won, with full
 * jitter ("Exponential Backoff And Jitter", AWS Architecture Blog), so that few of many writers try at a time.
 */
class Contention {
  readonly #levels = new LruMap<number>({ maxSize: REMEMBERED_ENTITIES, ttlMs: REMEMBERED_MS });

  /** Returns the milliseconds to step back for: none after a race that is the first in a while. */
  lost(entityId: string): number {
    const before = this.#level(entityId);
    this.#levels.set(entityId, Math.min(before + 1, HIGHEST_LEVEL));
    return before === 0 ? 0 : this.pauseMs(entityId);
  }

  won(entityId: string): void {
    const level = this.#level(entityId) - WON_BACK;
    if (level > 0) this.#levels.set(entityId, level);
    else this.#levels.delete(entityId);
  }

  /** Milliseconds to step back for before a command; 0 where nobody competes. */
  pauseMs(entityId: string): number {
    const level = this.#level(entityId);
    return level < 1 ? 0 : randomFraction() * FIRST_PAUSE_MS * 2 ** (level - 1);
  }

  #level(entityId: string): number {
    return this.#levels.get(entityId) ?? 0;
  }
}

// Measured by `npm run bench -- contend`: lower levels send more requests, higher ones leave the entity idle.
const FIRST_PAUSE_MS = 4;
const HIGHEST_LEVEL = 6;
const WON_BACK = 0.5;
const REMEMBERED_MS = 1_000;
const REMEMBERED_ENTITIES = 1_000;

const known = new WeakMap<EventStore, Contention>();

/** What this process knows of a store's entities. */
export function contentionOf(store: EventStore): Contention {
  const found = known.get(store) ?? new Contention();
  known.set(store, found);
  return found;
}
