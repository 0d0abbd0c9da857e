import { BatchGetCommand } from "@aws-sdk/lib-dynamodb";
import { isRefusedContent, REQUEST_ATTEMPTS, untilProcessed } from "../event-store/dynamodb/index.ts";
import type { Item, ReadModelTable } from "./dynamodb-read-model-table.ts";

/** What was read, and the keys that the table refused with what it said: the others are not held up by them. */
export interface Fetched {
  readonly items: readonly Item[];
  readonly refused: readonly { readonly key: Key; readonly error: unknown }[];
}

/** DynamoDB's limit of keys in one BatchGetItem. */
const BATCH = 100;

interface Key {
  readonly pk: string;
  readonly sk: string;
}

/**
 * Items by key, missing ones left out. A request that is refused for what it contains is sent again in halves,
 * down to the key that is to blame.
 */
export async function fetchAll(
  { client, name: table }: ReadModelTable,
  keys: readonly Key[],
  consistent = false,
): Promise<Fetched> {
  const items: Item[] = [];
  const refused: { key: Key; error: unknown }[] = [];

  async function send(part: readonly Key[]): Promise<Item[]> {
    const found: Item[] = [];
    const all = part.map(({ pk, sk }): Item => ({ pk, sk }));
    await untilProcessed(REQUEST_ATTEMPTS, all, async (left) => {
      const RequestItems = { [table]: { Keys: left, ConsistentRead: consistent } };
      const answer = await client.send(new BatchGetCommand({ RequestItems }));
      found.push(...(answer.Responses?.[table] ?? []));
      return answer.UnprocessedKeys?.[table]?.Keys ?? [];
    });
    return found;
  }

  async function fetch(part: readonly Key[]): Promise<void> {
    try {
      items.push(...(await send(part)));
    } catch (error) {
      if (!isRefusedContent(error)) throw error;
      const [key] = part;
      if (part.length === 1 && key) refused.push({ key, error });
      else for (const half of halves(part)) await fetch(half);
    }
  }

  for (let start = 0; start < keys.length; start += BATCH) await fetch(keys.slice(start, start + BATCH));
  return { items, refused };
}

function halves<T>(all: readonly T[]): T[][] {
  const middle = Math.ceil(all.length / 2);
  return [all.slice(0, middle), all.slice(middle)];
}
