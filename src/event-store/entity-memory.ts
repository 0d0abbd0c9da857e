import { LRUCache } from "lru-cache";
import { type CommandLog, recordCommand, UNKNOWN_COMMAND_LOG } from "./command-log.ts";
import type { StoredEvent } from "./event.ts";

/** What the store knows of an entity at one version that it has seen with its own eyes. */
export interface KnownEntity {
  readonly version: number;
  readonly aggregateType: string;
  /** Of the event at `version`; the next one is not earlier. */
  readonly eventTime: string;
  readonly commands: CommandLog;
}

const BYTES_PER_ENTITY = 256;
const BYTES_PER_COMMAND = 128;

/**
 * The newest version of entities that this process loaded or appended, so that the next append
 * needs no read. Bounded; forgetting an entry costs one read, and a stale one costs one conflict.
 */
export class EntityMemory {
  readonly #known: LRUCache<string, KnownEntity>;

  /** @param maxBytes estimated memory to use at most */
  constructor(maxBytes: number) {
    this.#known = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ commands }) => BYTES_PER_ENTITY + commands.records.length * BYTES_PER_COMMAND,
    });
  }

  get(entityId: string): KnownEntity | undefined {
    return this.#known.get(entityId);
  }

  /** Keeps the newer of what is known and what is told. */
  learn(entityId: string, entity: KnownEntity): void {
    const known = this.#known.get(entityId);
    const isNews =
      !known ||
      entity.version > known.version ||
      (entity.version === known.version && entity.commands.complete && !known.commands.complete);
    if (isNews) this.#known.set(entityId, entity);
  }

  /** Learns from events that were read, in order; those after the known version extend its command log. */
  see(events: readonly StoredEvent[]): void {
    const first = events[0];
    const last = events.at(-1);
    if (!first || !last) return;
    const known = this.#known.get(last.entityId);
    if (known && known.version >= last.sequenceNumber && known.commands.complete) return;
    const joins = known !== undefined && known.version >= first.sequenceNumber - 1;
    const start = joins ? known.commands : { ...UNKNOWN_COMMAND_LOG, complete: first.sequenceNumber === 1 };
    const news = joins ? events.filter((event) => event.sequenceNumber > known.version) : events;
    this.learn(last.entityId, {
      version: last.sequenceNumber,
      aggregateType: last.aggregateType,
      eventTime: last.eventTime,
      commands: news.reduce(recordCommand, start),
    });
  }

  forget(entityId: string): void {
    this.#known.delete(entityId);
  }
}
