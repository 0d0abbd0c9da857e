import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { whileTransient } from "../event-store/index.ts";
import type { RowKey, Rows } from "./definition.ts";
import { ATTEMPTS, type Condition, getAll, isUnchangedSince, type ReadModelTable } from "./dynamodb-positions.ts";
import { type GenerationKey, ROW, sharedRowKey, type TableKey } from "./dynamodb-read-model-keys.ts";
import { RowReadError } from "./fold-events.ts";

type Item = Record<string, unknown>;

interface Held {
  readonly key: TableKey;
  readonly revision: number;
  row: unknown;
  isChanged: boolean;
}

/** One step of the transaction for one row. */
export type RowStep =
  | { readonly Put: Condition & { TableName: string; Item: Item } }
  | { readonly ConditionCheck: Condition & { TableName: string; Key: TableKey } };

const textOf = ({ pk, sk }: TableKey): string => `${pk}\u0000${sk}`;

/**
 * The rows that one entity's events read and change. What was read is held, so that later events
 * see it, and everything read is checked in the transaction to be unchanged still.
 */
export class SharedRows implements Rows<unknown> {
  readonly #on: ReadModelTable;
  readonly #of: GenerationKey;
  readonly #held = new Map<string, Held>();

  constructor(on: ReadModelTable, of: GenerationKey) {
    this.#on = on;
    this.#of = of;
  }

  /** How many rows the transaction would touch. */
  get size(): number {
    return this.#held.size;
  }

  #hold(key: TableKey, item: Item | undefined): Held {
    const held = { key, revision: Number(item?.[ROW.revision] ?? 0), row: item?.[ROW.row], isChanged: false };
    this.#held.set(textOf(key), held);
    return held;
  }

  async readAhead(at: readonly RowKey[]): Promise<void> {
    const keys = new Map(at.map((rowKey) => sharedRowKey(this.#of, rowKey)).map((key) => [textOf(key), key]));
    const missing = [...keys.values()].filter((key) => !this.#held.has(textOf(key)));
    if (missing.length === 0) return;
    const items = new Map(
      (await getAll(this.#on, missing, true)).map((item) => [`${item[ROW.pk]}\u0000${item[ROW.sk]}`, item]),
    );
    for (const key of missing) this.#hold(key, items.get(textOf(key)));
  }

  /** A copy: a row that a change alters in place is as before until it is set. */
  async get(at: RowKey): Promise<unknown> {
    const key = sharedRowKey(this.#of, at);
    const held = this.#held.get(textOf(key));
    if (held) return structuredClone(held.row);
    const command = new GetCommand({ TableName: this.#on.table, Key: key, ConsistentRead: true });
    const { Item } = await whileTransient(ATTEMPTS, () => this.#on.client.send(command)).catch((cause: unknown) => {
      throw new RowReadError(cause);
    });
    return structuredClone(this.#hold(key, Item).row);
  }

  set(at: RowKey, row: unknown): void {
    const held = this.#held.get(textOf(sharedRowKey(this.#of, at)));
    if (!held) throw new Error(`row ${at.partition}/${at.key}: get it before you set it`);
    held.row = row;
    held.isChanged = true;
  }

  remove(at: RowKey): void {
    this.set(at, undefined);
  }

  /** Runs a change; when it throws, what it had set is as before. */
  async undoOnError(change: () => Promise<void>): Promise<void> {
    const before = [...this.#held].map(([text, held]) => [text, { ...held }] as const);
    try {
      await change();
    } catch (error) {
      this.#held.clear();
      for (const [text, held] of before) this.#held.set(text, held);
      throw error;
    }
  }

  /** A removed row stays as a tombstone, so that its revision goes on counting. */
  steps(): RowStep[] {
    return [...this.#held.values()].map(({ key, revision, row, isChanged }) => {
      const unchanged = { TableName: this.#on.table, ...isUnchangedSince(revision) };
      if (!isChanged) return { ConditionCheck: { ...unchanged, Key: key } };
      const item = { ...key, [ROW.revision]: revision + 1, ...(row === undefined ? {} : { [ROW.row]: row }) };
      return { Put: { ...unchanged, Item: item } };
    });
  }
}
