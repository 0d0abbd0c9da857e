import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { REQUEST_ATTEMPTS, whileTransient } from "../../event-store/dynamodb/index.ts";
import type { Item, ReadModelTable } from "../../stream/index.ts";
import type { GenerationKey } from "../generation.ts";
import { decodeCursor, encodeCursor } from "../page-cursor.ts";
import { generationPrefix, ROW } from "./read-model-keys.ts";

export interface BrowsedRow {
  /** The row's key in the table, without its generation. */
  readonly key: string;
  readonly row: unknown;
  /** Of each list the partition that it stands in, by the list's number. */
  readonly lists: Readonly<Record<number, string>>;
}

export interface BrowsedPage {
  readonly rows: readonly BrowsedRow[];
  readonly cursor: string | undefined;
}

/**
 * Rows of a generation in the table's own order, which means nothing. For people who look: it reads the table in pages
 * of 1 MB until enough rows are found, at most ten of them, and the cursor goes on from there.
 *
 * @throws {InvalidCursorError}
 */
export async function browseRows(
  { client, name: table }: ReadModelTable,
  generation: GenerationKey,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<BrowsedPage> {
  const prefix = generationPrefix(generation);
  const query = `browse ${generation.name}`;
  const [pk = "", sk = ""] = cursor === undefined ? [] : decodeCursor(query, cursor, 2);
  let start: Item | undefined = cursor === undefined ? undefined : { pk, sk };
  const found: Item[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const command = new ScanCommand({
      TableName: table,
      FilterExpression: "begins_with(#pk, :prefix) AND attribute_exists(#row)",
      ExpressionAttributeNames: { "#pk": ROW.pk, "#row": ROW.row },
      ExpressionAttributeValues: { ":prefix": prefix },
      ...(start ? { ExclusiveStartKey: start } : {}),
    });
    const { Items = [], LastEvaluatedKey } = await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
    found.push(...Items);
    start = LastEvaluatedKey;
    if (!start || found.length > limit) break;
  }
  const shown = found.slice(0, limit);
  const last = found.length > limit ? shown.at(-1) : start;
  return {
    rows: shown.map((item) => toRow(item, prefix)),
    cursor: last && encodeCursor(query, [String(last.pk), String(last.sk)]),
  };
}

function toRow(item: Item, prefix: string): BrowsedRow {
  const lists = [1, 2, 3, 4].flatMap((number): [number, string][] => {
    const partition: unknown = item[`list${number}pk`];
    if (typeof partition !== "string") return [];
    const withList = partition.slice(prefix.length);
    return [[number, withList.slice(withList.indexOf("#") + 1)]];
  });
  return {
    key: `${String(item.pk).slice(prefix.length)} ${item.sk}`,
    row: item[ROW.row],
    lists: Object.fromEntries(lists),
  };
}

const MAX_PAGES = 10;
