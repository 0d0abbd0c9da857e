import { isDeepStrictEqual } from "node:util";
import pLimit from "p-limit";
import {
  DynamoDBEventStore,
  decodeEvent,
  encodeEvent,
  type Item,
  type PayloadEncoding,
} from "../event-store/dynamodb/index.ts";
import { collect, type EventStore, type StoredEvent } from "../event-store/index.ts";
import type { Publisher } from "../publisher/index.ts";
import type { ReadModelTable } from "../stream/index.ts";
import type { ImportSource } from "./check-import.ts";
import { type EventTable, putEventItem } from "./dynamodb-put-event.ts";
import { isTrailer } from "./event-line.ts";
import { parseExactly } from "./exact-json.ts";
import { markBeforehand, takeMarkBack } from "./mark-imported.ts";
import { EventLineReader, type LineRules, type ReadEvent } from "./read-event-lines.ts";

/** How far an import is. Kept by the caller, it lets a later call go on. */
export interface ImportPosition {
  /** Lines up to this one are done with. */
  readonly line: number;
  readonly imported: number;
  /** Were there already, as they are in the file. */
  readonly present: number;
  readonly refused: readonly RefusedEntity[];
}

/** An entity that has other events than the file, or cannot be marked as published: nothing of it is stored from there on. */
export interface RefusedEntity {
  readonly entityId: string;
  readonly sequenceNumber: number;
  readonly reason: string;
}

export interface ImportOptions {
  readonly to: EventTable;
  readonly rules: LineRules;
  /** Undefined: imported events go on the bus, as any that are stored. */
  readonly unpublished: { readonly table: ReadModelTable; readonly publisher: Publisher } | undefined;
  /** Where an earlier call was cut off; undefined: there was none, or it was done. */
  readonly from?: ImportPosition | undefined;
  /** Told after each batch, when all of it is stored. */
  readonly onBatch?: (position: ImportPosition) => void | Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

export const IMPORT_START: ImportPosition = { line: 0, imported: 0, present: 0, refused: [] };

/**
 * Stores the events of a file that `checkImport` has passed, as they are, each entity's in their order and each only where
 * none is: an import that was cut off, or is run twice, stores nothing twice. With `unpublished` each batch of an entity's
 * events is marked as published before the first of them is stored, and what was not stored is taken back.
 *
 * @returns how far it is; `isDone` is false when `signal` has aborted before the end
 */
export async function importEvents(
  source: ImportSource,
  options: ImportOptions,
): Promise<ImportPosition & { readonly isDone: boolean }> {
  const { rules, from = IMPORT_START, onBatch, signal } = options;
  const reader = new EventLineReader(rules);
  const work = new ImportWork(options);
  let position = from;
  let batch: ReadEvent[] = [];

  async function store(line: number): Promise<void> {
    position = await work.store(batch, { ...position, line });
    batch = [];
    await onBatch?.(position);
  }

  let last = 0;
  for await (const { number, text } of source()) {
    if (text.trim() === "") continue;
    const value = parseExactly(text);
    if (isTrailer(value)) break;
    // Read from the first line on, for it counts the events of each entity.
    const read = await reader.read(value);
    last = number;
    if (number <= from.line) continue;
    batch.push(read);
    if (batch.length < BATCH) continue;
    await store(number);
    if (signal?.aborted) return { ...position, isDone: false };
  }
  if (batch.length > 0) await store(last);
  return { ...position, isDone: true };
}

const BATCH = 500;
const ENTITIES_AT_ONCE = 16;

class ImportWork {
  readonly #options: ImportOptions;
  readonly #stored: Pick<EventStore, "readEvents">;
  readonly #encoding: PayloadEncoding;

  constructor(options: ImportOptions) {
    const { client, table } = options.to;
    this.#options = options;
    this.#encoding = options.rules.encoding;
    // It knows no event types, and gives events as they stand.
    this.#stored = new DynamoDBEventStore(client, table, table);
  }

  async store(batch: readonly ReadEvent[], position: ImportPosition): Promise<ImportPosition> {
    const limit = pLimit(ENTITIES_AT_ONCE);
    const isRefused = new Set(position.refused.map(({ entityId }) => entityId));
    const entities = [...byEntity(batch)].filter(([entityId]) => !isRefused.has(entityId));
    const work = entities.map(([entityId, events]) => limit(() => this.#storeEntity(entityId, events)));
    const settled = await Promise.allSettled(work);
    const failed = settled.find((one) => one.status === "rejected");
    if (failed) throw failed.reason;
    const outcomes = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    return {
      line: position.line,
      imported: outcomes.reduce((sum, one) => sum + one.imported, position.imported),
      present: outcomes.reduce((sum, one) => sum + one.present, position.present),
      refused: [...position.refused, ...outcomes.flatMap(({ refused }) => refused ?? [])],
    };
  }

  async #storeEntity(entityId: string, events: readonly ReadEvent[]): Promise<EntityOutcome> {
    const head = await this.#headOf(entityId);
    const known = await this.#compareStored(entityId, head, events);
    if (known.refused) await this.#takeBackLeft(known.refused, head);
    if (known.refused || known.present === events.length) return known;
    const left = events.slice(known.present);
    const first = left[0]?.event.sequenceNumber ?? 0;
    if (first !== head + 1)
      return {
        ...known,
        refused: { entityId, sequenceNumber: first, reason: `the table has only ${head} events of it` },
      };
    const upTo = left.at(-1)?.event.sequenceNumber ?? head;
    const { unpublished } = this.#options;
    const reason = unpublished && (await markBeforehand(unpublished.table, entityId, { head, upTo }));
    if (reason !== undefined) return { ...known, refused: { entityId, sequenceNumber: first, reason } };
    return this.#putAll(entityId, left, { ...known, stored: head, upTo });
  }

  /** A call that was cut off may have marked events that it did not store, and others have stored theirs there since. */
  async #takeBackLeft({ entityId, sequenceNumber }: RefusedEntity, head: number): Promise<void> {
    const { unpublished, from } = this.#options;
    if (unpublished && from) await takeMarkBack(unpublished, entityId, { stored: sequenceNumber - 1, head });
  }

  async #headOf(entityId: string): Promise<number> {
    const [last] = await collect(this.#stored.readEvents(entityId, { direction: "backward", limit: 1 }), (one) => one);
    return last?.sequenceNumber ?? 0;
  }

  /** Of the events of a batch, those that are stored already. */
  async #compareStored(entityId: string, head: number, events: readonly ReadEvent[]): Promise<EntityOutcome> {
    const first = events[0]?.event.sequenceNumber ?? 1;
    const last = Math.min(head, events.at(-1)?.event.sequenceNumber ?? 0);
    let present = 0;
    if (last < first) return { imported: 0, present };
    for await (const stored of this.#stored.readEvents(entityId, { fromSequence: first, toSequence: last })) {
      const read = events[present];
      if (!read || !isSame(stored, read)) return { imported: 0, present, refused: otherEvent(stored) };
      present += 1;
    }
    return { imported: 0, present };
  }

  async #putAll(
    entityId: string,
    events: readonly ReadEvent[],
    { present, stored: head, upTo }: { readonly present: number; readonly stored: number; readonly upTo: number },
  ): Promise<EntityOutcome> {
    const { to, unpublished } = this.#options;
    let stored = head;
    let refused: RefusedEntity | undefined;
    try {
      for (const read of events) {
        const occupant = await putEventItem(to, encodeEvent(read.event, this.#encoding));
        if (occupant && !isSameItem(occupant, read)) {
          refused = otherEvent(read.event);
          break;
        }
        stored = read.event.sequenceNumber;
      }
    } finally {
      if (unpublished && stored < upTo)
        await takeMarkBack(unpublished, entityId, { stored, head: refused ? await this.#headOf(entityId) : stored });
    }
    return { imported: stored - head, present, ...(refused ? { refused } : {}) };
  }
}

interface EntityOutcome {
  readonly imported: number;
  readonly present: number;
  readonly refused?: RefusedEntity;
}

function byEntity(batch: readonly ReadEvent[]): Map<string, ReadEvent[]> {
  const entities = new Map<string, ReadEvent[]>();
  for (const one of batch) {
    const events = entities.get(one.event.entityId);
    if (events) events.push(one);
    else entities.set(one.event.entityId, [one]);
  }
  return entities;
}

const otherEvent = ({ entityId, sequenceNumber }: StoredEvent): RefusedEntity => ({
  entityId,
  sequenceNumber,
  reason: "the table has another event there",
});

/** What the line did not say may be another: a second run has another time. */
function isSame(stored: StoredEvent, { event, madeUp }: ReadEvent): boolean {
  const expected = { ...event, ...Object.fromEntries(madeUp.map((name) => [name, stored[name]])) };
  return isDeepStrictEqual(JSON.parse(JSON.stringify(stored)), JSON.parse(JSON.stringify(expected)));
}

function isSameItem(item: Item, read: ReadEvent): boolean {
  try {
    return isSame(decodeEvent(item), read);
  } catch {
    return false;
  }
}
