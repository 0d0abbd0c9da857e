import { GetCommand } from "@aws-sdk/lib-dynamodb";
import type { RowKey, Rows } from "../../definition/projection.ts";
import { isRefusedContent, REQUEST_ATTEMPTS, whileTransient } from "../../event-store/dynamodb/index.ts";
import type { Item, ReadModelTable } from "../../stream/index.ts";
import { fetchAll } from "../../stream/index.ts";
import type { GenerationKey } from "../generation.ts";
import { type EncodedItem, encodeItem } from "./item-codec.ts";
import { encodeCondition, isUnchangedSince, type PutStep, putStep } from "./positions.ts";
import { ROW, sharedRowKey, type TableKey } from "./read-model-keys.ts";

/** One step of the transaction for one row. */
export type RowStep =
  | { readonly Put: PutStep }
  | { readonly ConditionCheck: Omit<PutStep, "Item"> & { readonly Key: PutStep["Item"] } };

/** Rows that are known beyond one transaction, at most. */
const MAX_KNOWN = 2_000;

/** The rows of one generation that this process has read or written, so that a cached row is not read again for each transaction. */
export class RowsCache {
  readonly #table: ReadModelTable;
  readonly #known = new Map<string, KnownRow>();

  constructor(
    table: ReadModelTable,
    readonly generation: GenerationKey,
  ) {
    this.#table = table;
  }

  has(key: TableKey): boolean {
    return this.#known.has(textOf(key));
  }

  set(row: KnownRow): KnownRow {
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(textOf(row.key), row);
    return row;
  }

  forget(key: TableKey): void {
    this.#known.delete(textOf(key));
  }

  /** Strongly consistent. A key that the table refuses is left to whom it is asked for by. */
  async readAhead(keys: readonly TableKey[]): Promise<void> {
    const { items, refused } = await fetchAll(this.#table, keys, true);
    const found = new Map(items.map((item) => [textOf({ pk: String(item[ROW.pk]), sk: String(item[ROW.sk]) }), item]));
    const out = new Set(refused.map(({ key }) => textOf(key)));
    for (const key of keys) if (!out.has(textOf(key))) this.set(known(key, found.get(textOf(key))));
  }

  async get(key: TableKey): Promise<KnownRow> {
    const held = this.#known.get(textOf(key));
    if (held) return held;
    const command = new GetCommand({ TableName: this.#table.name, Key: key, ConsistentRead: true });
    const { Item } = await whileTransient(REQUEST_ATTEMPTS, () => this.#table.client.send(command));
    return this.set(known(key, Item));
  }
}

const known = (key: TableKey, item: Item | undefined): KnownRow => ({
  key,
  revision: Number(item?.[ROW.revision] ?? 0),
  row: item?.[ROW.row],
});

/**
 * The rows that the events of one transaction read and change. Later events see what earlier ones changed, and
 * everything that was read is checked in the transaction to be unchanged still.
 */
export class TransactionRows implements Rows<unknown> {
  readonly #table: ReadModelTable;
  readonly #cache: RowsCache;
  readonly #touched = new Map<string, TouchedRow>();
  /** How the rows were before the event at hand touched them; undefined: it was the first to. */
  #before = new Map<string, TouchedRow | undefined>();
  #systemFault: { readonly error: unknown } | undefined;

  constructor(table: ReadModelTable, cache: RowsCache) {
    this.#table = table;
    this.#cache = cache;
  }

  /** How many rows the transaction reads or changes. */
  get size(): number {
    return this.#touched.size;
  }

  /** A read error that is not the event's fault, whatever the event's code made of it. */
  get systemFault(): { readonly error: unknown } | undefined {
    return this.#systemFault;
  }

  /** A copy: a row that a change alters in place is as before until it is set. */
  async get(at: RowKey): Promise<unknown> {
    const key = sharedRowKey(this.#cache.generation, at);
    const touched = this.#touched.get(textOf(key)) ?? (await this.#read(key));
    return structuredClone(touched.row);
  }

  /** Takes the row as it is now, and as the table will give it back. @throws what `encodeItem` throws */
  set(at: RowKey, row: unknown): void {
    const key = sharedRowKey(this.#cache.generation, at);
    const touched = this.#touched.get(textOf(key));
    if (!touched) throw new Error(`row ${at.partition}/${at.key}: get it before you set it`);
    const encoded = row === undefined ? {} : encodeItem(this.#table, { [ROW.row]: row });
    this.#touch({ ...touched, row: structuredClone(row), encoded, isChanged: true });
  }

  remove(at: RowKey): void {
    this.set(at, undefined);
  }

  /** What the event at hand has done stays. */
  keep(): void {
    this.#before = new Map();
  }

  /** What the event at hand has read and changed is as if it had not been. */
  undo(): void {
    for (const [text, before] of this.#before) {
      if (before) this.#touched.set(text, before);
      else this.#touched.delete(text);
    }
    this.keep();
  }

  /** A removed row stays as a tombstone, so that its revision goes on counting. @throws {RowTooLargeError} */
  steps(): RowStep[] {
    return [...this.#touched.values()].map(({ key, revision, encoded, isChanged }) => {
      const condition = isUnchangedSince(revision);
      if (!isChanged) {
        const Key = { pk: { S: key.pk }, sk: { S: key.sk } };
        return { ConditionCheck: { TableName: this.#table.name, Key, ...encodeCondition(this.#table, condition) } };
      }
      return { Put: putStep(this.#table, { ...key, [ROW.revision]: revision + 1 }, condition, encoded) };
    });
  }

  /** The transaction was stored. */
  commit(): void {
    for (const { key, revision, row, isChanged } of this.#touched.values())
      if (isChanged) this.#cache.set({ key, revision: revision + 1, row });
  }

  /** The row of the nth step was changed by somebody else. */
  forget(index: number): void {
    const touched = [...this.#touched.values()][index];
    if (touched) this.#cache.forget(touched.key);
  }

  #touch(row: TouchedRow): TouchedRow {
    const text = textOf(row.key);
    if (!this.#before.has(text)) this.#before.set(text, this.#touched.get(text));
    this.#touched.set(text, row);
    return row;
  }

  async #read(key: TableKey): Promise<TouchedRow> {
    try {
      return this.#touch({ ...(await this.#cache.get(key)), isChanged: false });
    } catch (error) {
      if (!isRefusedContent(error)) this.#systemFault ??= { error };
      throw error;
    }
  }
}

/** A row as the table has it, as far as this process knows. */
interface KnownRow {
  readonly key: TableKey;
  readonly revision: number;
  readonly row: unknown;
}

/** What one transaction makes of a row. */
interface TouchedRow extends KnownRow {
  readonly isChanged: boolean;
  /** The row's attribute, once it is changed; none when it is removed. */
  readonly encoded?: EncodedItem;
}

export const textOf = ({ pk, sk }: TableKey): string => `${pk}\u0000${sk}`;
