import { type CommandLog, EMPTY_COMMAND_LOG, UNKNOWN_COMMAND_LOG } from "./command-log.ts";
import { LruMap } from "./lru-map.ts";

/** The last head of an entity that this process read or wrote. */
export interface CachedHead {
  readonly version: number;
  readonly aggregateType: string;
  /** Of the event at `version`; the next one is not earlier. */
  readonly eventTime: string;
  readonly commands: CommandLog;
}

const BYTES_PER_ENTITY = 256;
const BYTES_PER_COMMAND = 64;

/**
 * The newest version of entities that this process loaded or appended, so that the next append
 * needs no read. Bounded; forgetting an entry costs one read, and a stale one costs one conflict.
 */
export class HeadCache {
  readonly #known: LruMap<CachedHead>;

  /** @param maxBytes estimated memory to use at most */
  constructor(maxBytes: number) {
    this.#known = new LruMap({
      maxSize: maxBytes,
      sizeOf: ({ commands }, entityId) =>
        commands.records.reduce((sum, { id, hash }) => sum + id.length + hash.length + BYTES_PER_COMMAND, 0) +
        entityId.length +
        BYTES_PER_ENTITY,
    });
  }

  get(entityId: string): CachedHead | undefined {
    return this.#known.get(entityId);
  }

  /** Keeps the newer of what is known and what is told. */
  set(entityId: string, entity: CachedHead): void {
    const known = this.#known.get(entityId);
    const isNews =
      !known ||
      entity.version > known.version ||
      (entity.version === known.version && entity.commands.complete && !known.commands.complete);
    if (isNews) this.#known.set(entityId, entity);
  }

  /** What is known of the entity's commands just before `sequenceNumber`. */
  commandsBefore(entityId: string, sequenceNumber: number): CommandLog {
    if (sequenceNumber === 1) return EMPTY_COMMAND_LOG;
    const known = this.#known.get(entityId);
    return known?.version === sequenceNumber - 1 ? known.commands : UNKNOWN_COMMAND_LOG;
  }
}
