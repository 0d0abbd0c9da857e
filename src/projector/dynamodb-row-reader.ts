import { GetCommand, QueryCommand, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { LRUCache } from "lru-cache";
import { whileTransient } from "../event-store/index.ts";
import { type Projection, versionOf } from "./definition.ts";
import type { GenerationsCache } from "./dynamodb-generations.ts";
import { ATTEMPTS, positionKey, type ReadModelTable, readPosition } from "./dynamodb-positions.ts";
import {
  EVENT_ROW_PREFIX,
  type GenerationKey,
  generationPrefix,
  listIndex,
  listPartition,
  ROW,
  SHARED_ROW_PREFIX,
} from "./dynamodb-read-model-keys.ts";
import { decodeCursor, encodeCursor, InvalidCursorError } from "./page-cursor.ts";
import type { Page, PageRequest, RowReader, VersionedRow } from "./row-reader.ts";

type Item = Record<string, unknown>;

const DEFAULT_LIMIT = 50;

/** How many rows of a projection are kept in memory, and for how many milliseconds. */
const HOT_ROWS = 500;
const HOT_FOR_MS = 1_000;

/** The projection's code is newer than every build of its rows. */
export class NotBuiltError extends Error {
  readonly code = "NOT_BUILT";
  constructor(name: string, version: number) {
    super(`projection ${name}: version ${version} is not the serving one; rebuild it`);
    this.name = "NotBuiltError";
  }
}

/** A query for one kind of page, with the attributes that its place is made of. */
interface PageQuery {
  readonly input: Omit<QueryCommandInput, "TableName">;
  readonly places: readonly string[];
}

function prefixQuery(pk: string, prefix: string): PageQuery {
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

function listQuery(index: string, partition: string): PageQuery {
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
function startKey({ input, places }: PageQuery, within: string, place: readonly string[], cursor: string): Item {
  const names = input.ExpressionAttributeNames ?? {};
  const values = input.ExpressionAttributeValues ?? {};
  const key: Record<string, string> = Object.fromEntries(places.map((name, index) => [name, place[index] ?? ""]));
  if (names["#list"]) return { ...key, [ROW.pk]: within + key[ROW.pk], [names["#list"]]: values[":list"] };
  if (!key[ROW.sk]?.startsWith(String(values[":prefix"]))) throw new InvalidCursorError(cursor);
  return { ...key, [ROW.pk]: values[":pk"] };
}

async function readPage<Row>(
  { client, table }: ReadModelTable,
  of: GenerationKey,
  query: PageQuery,
  request: PageRequest<Row>,
): Promise<Page<Row>> {
  const { limit = DEFAULT_LIMIT, order = "ascending", where, cursor } = request;
  const page = filtered(query, where);
  const { places } = page;
  const within = generationPrefix(of);
  const identity = JSON.stringify([of.name, page.input, order]).replaceAll(within, "");
  const rows: Item[] = [];
  let start: Item | undefined;
  if (cursor !== undefined) {
    start = startKey(page, within, decodeCursor(identity, cursor, places.length), cursor);
  }
  do {
    const command = new QueryCommand({
      TableName: table,
      ...page.input,
      ScanIndexForward: order === "ascending",
      Limit: limit + 1,
      ...(start ? { ExclusiveStartKey: start } : {}),
    });
    const answer = await whileTransient(ATTEMPTS, () => client.send(command));
    rows.push(...(answer.Items ?? []));
    start = answer.LastEvaluatedKey;
  } while (start && rows.length <= limit);
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  const next =
    last &&
    encodeCursor(
      identity,
      places.map((name) => String(last[name]).replace(within, "")),
    );
  return { rows: shown.map((item) => item[ROW.row] as Row), cursor: next };
}

/** Reads the rows of one projection. */
export function createRowReader<Row>(
  on: ReadModelTable,
  generations: GenerationsCache,
  projection: Projection<Row>,
): RowReader<Row> {
  const version = versionOf(projection);
  const hotRows = new LRUCache<string, VersionedRow<Row>>({ max: HOT_ROWS, ttl: HOT_FOR_MS });

  async function serving(): Promise<GenerationKey> {
    const { name, serving: generation, all } = await generations.get(projection.name, version);
    const isOurs = all.some((one) => one.generation === generation && one.version === version);
    if (!isOurs) throw new NotBuiltError(name, version);
    return { name, generation };
  }

  async function position(entityId: string) {
    const Key = positionKey(projection as Projection, await serving(), entityId);
    const command = new GetCommand({ TableName: on.table, Key, ConsistentRead: true });
    const { Item } = await whileTransient(ATTEMPTS, () => on.client.send(command));
    return Item && readPosition(Item);
  }

  async function row(entityId: string, atLeastVersion = 0): Promise<VersionedRow<Row> | undefined> {
    const { generation } = await serving();
    const hot = hotRows.get(`${generation} ${entityId}`);
    if (hot && hot.version >= atLeastVersion) return hot;
    const found = await position(entityId);
    if (found?.row === undefined) return undefined;
    const read = { row: found.row as Row, version: found.checkpoint };
    const known = hotRows.peek(`${generation} ${entityId}`);
    if (!known || known.version <= read.version) hotRows.set(`${generation} ${entityId}`, read);
    return read;
  }

  async function prefixed(partition: string, prefix: string, page: PageRequest<Row>): Promise<Page<Row>> {
    const of = await serving();
    return readPage(on, of, prefixQuery(generationPrefix(of) + partition, prefix), page);
  }

  async function list(name: string, partition: string, page: PageRequest<Row> = {}): Promise<Page<Row>> {
    const of = await serving();
    const lists = "lists" in projection ? (projection.lists ?? {}) : {};
    return readPage(on, of, listQuery(listIndex(lists, name), listPartition(of, name, partition)), page);
  }

  return {
    row,
    checkpoint: async (entityId) => (await position(entityId))?.checkpoint ?? 0,
    eventRows: (entityId, page = {}) => prefixed(entityId, EVENT_ROW_PREFIX, page),
    sharedRows: (partition, page = {}) => prefixed(partition, SHARED_ROW_PREFIX, page),
    list,
  };
}
