import { checkWholeNumber, LruMap } from "../event-store/index.ts";
import type { LoadedAggregate } from "./fold.ts";

/**
 * The newest states of one aggregate type that this process has seen. A stale one is harmless: the
 * append that it leads to conflicts, and what decides without appending is decided again on a
 * strong read.
 */
export class StateCache<State> {
  readonly #states: LruMap<LoadedAggregate<State>>;

  /** @param maxEntities at least 1 @throws {InvalidArgumentError} */
  constructor(maxEntities: number) {
    checkWholeNumber("maxEntities", maxEntities, 1);
    this.#states = new LruMap({ maxSize: maxEntities });
  }

  get(entityId: string): LoadedAggregate<State> | undefined {
    return this.#states.get(entityId);
  }

  /** An older state never replaces a newer one. */
  set(loaded: LoadedAggregate<State>): void {
    const known = this.#states.peek(loaded.entityId);
    if (!known || known.version <= loaded.version) this.#states.set(loaded.entityId, loaded);
  }
}
