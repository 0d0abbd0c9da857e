import { BatchWriteItemCommand } from "@aws-sdk/client-dynamodb";
import {
  isRefusedContent,
  REQUEST_ATTEMPTS,
  untilProcessed,
  whileTransient,
} from "../../event-store/dynamodb/index.ts";
import type { ReadModelTable } from "../../stream/index.ts";
import type { EncodedItem } from "./item-codec.ts";
import { ROW } from "./read-model-keys.ts";

/** DynamoDB's limit of items in one BatchWriteItem. */
const BATCH = 25;

/** Batches under way at a time. */
const BATCHES_AT_ONCE = 8;

/** Milliseconds that items wait, at most, for a batch to fill that is under way with somebody else's trouble. */
const LONGEST_WAIT_MS = 50;

/** Who waits for some items to be stored. */
interface Owner {
  left: number;
  readonly stored: () => void;
  readonly failed: (error: unknown) => void;
}

interface Put {
  readonly item: EncodedItem;
  readonly owner: Owner;
}

/**
 * Puts without a condition of whoever has some, in batches that they share. What the table says of one owner's items
 * reaches nobody else: a batch that is refused, or taken in part, is sent again owner by owner. Writing an item again
 * changes nothing.
 */
export class SharedPuts {
  readonly #table: ReadModelTable;
  #waiting: Put[] = [];
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(table: ReadModelTable) {
    this.#table = table;
  }

  /** Resolves when all of these are stored. */
  put(items: readonly EncodedItem[]): Promise<void> {
    if (items.length === 0) return Promise.resolve();
    return new Promise((stored, failed) => {
      const owner: Owner = { left: items.length, stored, failed };
      for (const item of items) this.#waiting.push({ item, owner });
      this.#sendFull();
      // Others that are at the same point may add to what is no full batch yet.
      if (this.#underWay === 0) setImmediate(() => this.#sendRest());
      else this.#timer ??= setTimeout(() => this.#sendOverdue(), LONGEST_WAIT_MS);
    });
  }

  /** A batch that is throttled may take many seconds, and these are not in it. */
  #sendOverdue(): void {
    this.#timer = undefined;
    this.#sendFull();
    if (this.#waiting.length === 0) return;
    if (this.#underWay < BATCHES_AT_ONCE) this.#begin();
    else this.#timer = setTimeout(() => this.#sendOverdue(), LONGEST_WAIT_MS);
  }

  #sendFull(): void {
    while (this.#waiting.length >= BATCH && this.#underWay < BATCHES_AT_ONCE) this.#begin();
  }

  #sendRest(): void {
    this.#sendFull();
    if (this.#underWay === 0 && this.#waiting.length > 0) this.#begin();
  }

  #begin(): void {
    this.#underWay += 1;
    void this.#send(this.#waiting.splice(0, BATCH)).finally(() => {
      this.#underWay -= 1;
      this.#sendRest();
    });
  }

  async #send(batch: readonly Put[]): Promise<void> {
    const owners = byOwner(batch);
    try {
      const left = await whileTransient(REQUEST_ATTEMPTS, () => this.#write(batch.map(({ item }) => item)));
      const keys = new Set(left.map(keyOf));
      const open = batch.filter(({ item }) => keys.has(keyOf(item)));
      for (const { item, owner } of batch) if (!keys.has(keyOf(item))) settle(owner, 1);
      await Promise.all([...byOwner(open)].map(([owner, items]) => this.#sendAlone(owner, items)));
    } catch (error) {
      if (owners.size > 1 && isRefusedContent(error))
        await Promise.all([...owners].map(([owner, items]) => this.#sendAlone(owner, items)));
      else for (const owner of owners.keys()) owner.failed(error);
    }
  }

  async #sendAlone(owner: Owner, items: EncodedItem[]): Promise<void> {
    try {
      await untilProcessed(REQUEST_ATTEMPTS, items, (left) => this.#write(left));
      settle(owner, items.length);
    } catch (error) {
      owner.failed(error);
    }
  }

  /** Returns what was left unprocessed. */
  async #write(items: readonly EncodedItem[]): Promise<EncodedItem[]> {
    const { client, name: table } = this.#table;
    const puts = items.map((Item) => ({ PutRequest: { Item } }));
    const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts } }));
    return (answer.UnprocessedItems?.[table] ?? []).map(({ PutRequest }) => PutRequest?.Item as EncodedItem);
  }
}

function settle(owner: Owner, stored: number): void {
  owner.left -= stored;
  if (owner.left === 0) owner.stored();
}

function byOwner(puts: readonly Put[]): Map<Owner, EncodedItem[]> {
  const owners = new Map<Owner, EncodedItem[]>();
  for (const { item, owner } of puts) owners.set(owner, [...(owners.get(owner) ?? []), item]);
  return owners;
}

const keyOf = (item: EncodedItem): string => `${item[ROW.pk]?.S}\u0000${item[ROW.sk]?.S}`;
