import { elapsedMs } from "./defaults.ts";

export interface LruMapOptions<Value> {
  /** What the sizes of all entries add up to at most; the least recently used are forgotten first. */
  readonly maxSize: number;
  /** Of one entry. Default: 1. */
  readonly sizeOf?: (value: Value, key: string) => number;
  /** Milliseconds after which an entry is forgotten. Default: never. */
  readonly ttlMs?: number;
}

/**
 * A bounded map. The package for this, lru-cache, was a quarter of what one import of the store bundled
 * (docs/adr/0033-the-package.md).
 */
export class LruMap<Value> {
  readonly #options: LruMapOptions<Value>;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry<Value>>();
  #size = 0;

  constructor(options: LruMapOptions<Value>) {
    this.#options = options;
  }

  get(key: string): Value | undefined {
    const entry = this.#living(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Without a use of the entry. */
  peek(key: string): Value | undefined {
    return this.#living(key)?.value;
  }

  /** An entry that alone is larger than all may be is not kept. */
  set(key: string, value: Value): void {
    this.delete(key);
    const { maxSize, sizeOf, ttlMs } = this.#options;
    const size = sizeOf?.(value, key) ?? 1;
    if (size > maxSize) return;
    for (const [oldest] of this.#entries) {
      if (this.#size + size <= maxSize) break;
      this.delete(oldest);
    }
    this.#size += size;
    this.#entries.set(key, {
      value,
      size,
      until: ttlMs === undefined ? Number.POSITIVE_INFINITY : elapsedMs() + ttlMs,
    });
  }

  delete(key: string): void {
    this.#size -= this.#entries.get(key)?.size ?? 0;
    this.#entries.delete(key);
  }

  #living(key: string): Entry<Value> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.until === Number.POSITIVE_INFINITY || elapsedMs() < entry.until) return entry;
    this.delete(key);
    return undefined;
  }
}

interface Entry<Value> {
  readonly value: Value;
  readonly size: number;
  readonly until: number;
}
