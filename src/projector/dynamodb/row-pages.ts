import { QueryCommand, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { REQUEST_ATTEMPTS, whileTransient } from "../../event-store/dynamodb/index.ts";
import type { Item, ReadModelTable } from "../../stream/index.ts";
import type { GenerationKey } from "../generation.ts";
import { decodeCursor, encodeCursor, InvalidCursorError } from "../page-cursor.ts";
import { checkPageRequest, DEFAULT_PAGE_LIMIT, MAX_PAGE_BYTES, type Page, type PageRequest } from "../row-reader.ts";
import { generationPrefix, ROW } from "./read-model-keys.ts";

export function listQuery(index: string, partition: string): PageQuery {
  const pk = `${index.toLowerCase()}pk`;
  return {
    input: {
      IndexName: index,
      KeyConditionExpression: "#list = :list",
      ExpressionAttributeNames: { "#list": pk },
      ExpressionAttributeValues: { ":list": partition },
    },
    places: [`${index.toLowerCase()}sk`, ROW.pk, ROW.sk],
  };
}

interface ReadRequest<Row> {
  /** What tells this query from others; the generation is no part of it. */
  readonly query: readonly string[];
  readonly within: GenerationKey;
  readonly request: PageRequest<Row>;
}

/**
 * One page of rows. It ends at `limit` rows or `maxBytes` of them, or after a bounded number of queries when a filter
 * passes few; the cursor says where to go on.
 *
 * @throws {InvalidArgumentError} for an invalid request
 */
export async function readPage<Row>(
  table: ReadModelTable,
  query: PageQuery,
  { query: name, within, request }: ReadRequest<Row>,
): Promise<Page<Row>> {
  checkPageRequest(request);
  const { limit = DEFAULT_PAGE_LIMIT, order = "ascending", where, cursor, maxBytes = MAX_PAGE_BYTES } = request;
  const page = filtered(query, where);
  const identity = JSON.stringify([...name, Object.entries(where ?? {}), order]);
  const place = cursor === undefined ? undefined : decodeCursor(identity, cursor, page.places.length);
  let start = place && startKey(page, within, { place, cursor: String(cursor) });
  const taken = new PageRows<Row>(limit, maxBytes);
  let size = limit + 1;
  for (let queries = 0; queries < MAX_QUERIES; queries += 1) {
    const { items, next } = await runQuery(table, page, { isAscending: order === "ascending", size, start });
    const isCut = taken.add(items);
    if (isCut || (next && taken.rows.length >= limit)) return { rows: taken.rows, cursor: cursorAt(taken.last) };
    if (!next) return { rows: taken.rows, cursor: undefined };
    size = Math.min(size * 2, MAX_LOOKED_AT);
    start = next;
  }
  return { rows: taken.rows, cursor: cursorAt(start) };

  function cursorAt(item: Item | undefined): string | undefined {
    return item && encodeCursor(identity, placeOf(page, within, item));
  }
}

function filtered({ input, places }: PageQuery, where: PageRequest["where"]): PageQuery {
  const conditions = Object.entries(where ?? {}).filter(([, value]) => value !== undefined);
  const names = Object.fromEntries(conditions.map(([field], index) => [`#f${index}`, field]));
  const values = Object.fromEntries(conditions.map(([, value], index) => [`:f${index}`, value]));
  const clauses = ["attribute_exists(#row)", ...conditions.map((_, index) => `#row.#f${index} = :f${index}`)];
  return {
    places,
    input: {
      ...input,
      FilterExpression: clauses.join(" AND "),
      ExpressionAttributeNames: { ...input.ExpressionAttributeNames, "#row": ROW.row, ...names },
      ExpressionAttributeValues: { ...input.ExpressionAttributeValues, ...values },
    },
  };
}

/** The key to start after: the place from the cursor, partition and generation from the query itself. */
function startKey(
  { input, places }: PageQuery,
  within: GenerationKey,
  { place, cursor }: { readonly place: readonly string[]; readonly cursor: string },
): Item {
  const names = input.ExpressionAttributeNames ?? {};
  const values = input.ExpressionAttributeValues ?? {};
  const key: Record<string, string> = Object.fromEntries(places.map((name, index) => [name, place[index] ?? ""]));
  if (names["#list"])
    return { ...key, [ROW.pk]: generationPrefix(within) + key[ROW.pk], [names["#list"]]: values[":list"] };
  if (!key[ROW.sk]?.startsWith(String(values[":prefix"]))) throw new InvalidCursorError(cursor);
  return { ...key, [ROW.pk]: values[":pk"] };
}

/** Rows, until there are enough of them. */
class PageRows<Row> {
  readonly rows: Row[] = [];
  last: Item | undefined;
  #bytes = 0;

  constructor(
    readonly limit: number,
    readonly maxBytes: number,
  ) {}

  /** True when one of the items did not fit any more. */
  add(items: readonly Item[]): boolean {
    for (const item of items) {
      const bytes = Buffer.byteLength(JSON.stringify(item[ROW.row]) ?? "");
      const isFull = this.rows.length >= this.limit || (this.rows.length > 0 && this.#bytes + bytes > this.maxBytes);
      if (isFull) return true;
      this.rows.push(item[ROW.row] as Row);
      this.#bytes += bytes;
      this.last = item;
    }
    return false;
  }
}

async function runQuery(
  { client, name: table }: ReadModelTable,
  { input }: PageQuery,
  {
    isAscending,
    size,
    start,
  }: { readonly isAscending: boolean; readonly size: number; readonly start: Item | undefined },
): Promise<{ readonly items: readonly Item[]; readonly next: Item | undefined }> {
  const command = new QueryCommand({
    TableName: table,
    ...input,
    ScanIndexForward: isAscending,
    Limit: size,
    ...(start ? { ExclusiveStartKey: start } : {}),
  });
  const { Items = [], LastEvaluatedKey } = await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
  return { items: Items, next: LastEvaluatedKey };
}

/** The place of an item within its query: without the generation, over whose change a cursor holds. */
function placeOf({ places }: PageQuery, within: GenerationKey, item: Item): string[] {
  const prefix = generationPrefix(within);
  return places.map((name) => {
    const value = String(item[name]);
    return name === ROW.pk && value.startsWith(prefix) ? value.slice(prefix.length) : value;
  });
}

/** Items that are looked at in one query, at most: while a filter passes too few, each query looks at twice as many. */
const MAX_LOOKED_AT = 1_000;
/** Queries for one page, at most: the page ends there with the rows that were found, and its cursor goes on. */
const MAX_QUERIES = 15;

/** A query for one kind of page, with the attributes that its place is made of. */
interface PageQuery {
  readonly input: Omit<QueryCommandInput, "TableName">;
  readonly places: readonly string[];
}

export function prefixQuery(pk: string, prefix: string): PageQuery {
  return {
    input: {
      KeyConditionExpression: "#pk = :pk AND begins_with(#sk, :prefix)",
      ExpressionAttributeNames: { "#pk": ROW.pk, "#sk": ROW.sk },
      ExpressionAttributeValues: { ":pk": pk, ":prefix": prefix },
      ConsistentRead: true,
    },
    places: [ROW.sk],
  };
}
