/** One entry for the bus, its detail as JSON text. */
export interface BusEntry {
  readonly source: string;
  readonly detailType: string;
  readonly detail: string;
  readonly resources: readonly string[];
  /** ISO 8601. */
  readonly time: string;
  /** X-Ray's header, where the event has one: what the bus calls goes into the same trace. */
  readonly traceHeader?: string | undefined;
}

/** What the bus said to one entry: undefined when it took it. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export interface Bus {
  /** Answers in the order of the entries. Throws when the whole request failed. */
  put(entries: readonly BusEntry[]): Promise<readonly (Refusal | undefined)[]>;
}

/** The leading entries that fit into one request; at least one. */
export function firstRequest<T extends { readonly entry: BusEntry }>(waiting: readonly T[], maxBytes: number): T[] {
  let bytes = 0;
  const taken: T[] = [];
  for (const one of waiting) {
    bytes += entrySize(one.entry);
    if (taken.length > 0 && (taken.length === MAX_ENTRIES || bytes > maxBytes)) break;
    taken.push(one);
  }
  return taken;
}

/** Bytes as EventBridge counts them ("Calculating PutEvents event entry size"). */
export function entrySize({ source, detailType, detail, resources }: BusEntry): number {
  const parts = [source, detailType, detail, ...resources];
  return parts.reduce((sum, part) => sum + utf8(part), TIME_BYTES);
}

/** EventBridge's limits of one request: entries, and bytes (1 MB; 256 KB in some regions). */
export const MAX_ENTRIES = 10;
export const DEFAULT_MAX_BYTES = 1024 * 1024;

const TIME_BYTES = 14;
const utf8 = (text: string): number => Buffer.byteLength(text, "utf8");
