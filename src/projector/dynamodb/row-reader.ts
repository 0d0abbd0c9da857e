import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { LRUCache } from "lru-cache";
import { type ListOf, type Projection, type RowOf, versionOf } from "../../definition/projection.ts";
import { systemClock } from "../../event-store/defaults.ts";
import { REQUEST_ATTEMPTS, whileTransient } from "../../event-store/dynamodb/index.ts";
import {
  checkFields,
  type Fields,
  InvalidArgumentError,
  isWellFormed,
  MAX_PARTITION_KEY_BYTES,
} from "../../event-store/index.ts";
import type { ReadModelTable } from "../../stream/index.ts";
import { partitionPart } from "../../stream/index.ts";
import type { GenerationKey, Generations } from "../generation.ts";
import type { Position } from "../position.ts";
import { EVENT_ROW_PREFIX, SHARED_ROW_PREFIX } from "../row-keys.ts";
import type { Page, PageRequest, RowReader, RowReaderOf, VersionedRow } from "../row-reader.ts";
import { GenerationsCache } from "./generations.ts";
import { positionKey, readPosition } from "./positions.ts";
import { generationPrefix, listIndex, listPartition } from "./read-model-keys.ts";
import { listQuery, prefixQuery, readPage } from "./row-pages.ts";

export interface RowReadersOptions {
  /** Milliseconds for which the generations are taken as known. Default 2,000. */
  readonly generationsMaxAgeMs?: number;
  /** Default: the system's. */
  readonly clock?: () => Date;
}

/**
 * Readers of the rows of any projection, which share what is known of generations.
 *
 * @example
 * const rows = createRowReaders({ client, name: "Shop-ReadModels" });
 * await rows(productCatalog).list("byName", "all", { limit: 20 });
 */
export function createRowReaders(table: ReadModelTable, options: RowReadersOptions = {}) {
  checkFields("options", options, READERS);
  const { generationsMaxAgeMs = 2_000, clock = systemClock } = options;
  const generations = new GenerationsCache(table, clock, generationsMaxAgeMs, "reads");
  return <P extends Projection>(projection: P): RowReaderOf<P> => createRowReader(table, generations, projection);
}

const READERS: Fields<RowReadersOptions> = { generationsMaxAgeMs: true, clock: true };

/** Reads the rows of one projection. */
export function createRowReader<P extends Projection>(
  table: ReadModelTable,
  generations: GenerationsCache,
  projection: P,
): RowReader<RowOf<P>, ListOf<P>> {
  type Row = RowOf<P>;
  const version = versionOf(projection);
  const cachedRows = new LRUCache<string, VersionedRow<Row>>({ max: CACHED_ROWS, ttl: CACHED_FOR_MS });

  async function current(): Promise<Generations> {
    const found = await generations.get(projection.name, version);
    const isOurs = found.all.some((one) => one.generation === found.serving && one.version === version);
    if (!isOurs) throw new NotBuiltError(found.name, version);
    return found;
  }

  async function serving(): Promise<GenerationKey> {
    const { name, serving: generation } = await current();
    return { name, number: generation };
  }

  async function positionIn(generation: GenerationKey, entityId: string): Promise<Position | undefined> {
    const Key = positionKey(projection, generation, entityId);
    const command = new GetCommand({ TableName: table.name, Key, ConsistentRead: true });
    const { Item } = await whileTransient(REQUEST_ATTEMPTS, () => table.client.send(command));
    return Item && readPosition(Item);
  }

  /** Of the serving generation, or of the one before it while that is further. */
  async function position(entityId: string): Promise<Position | undefined> {
    const found = await current();
    const { name, serving: generation } = found;
    const before = generations.alsoRead(found);
    const [now, then] = await Promise.all([
      positionIn({ name, number: generation }, entityId),
      before === undefined ? undefined : positionIn({ name, number: before }, entityId),
    ]);
    return (then?.checkpoint ?? 0) > (now?.checkpoint ?? 0) ? then : now;
  }

  async function row(entityId: string, atLeastVersion = 0): Promise<VersionedRow<Row> | undefined> {
    const { number: generation } = await serving();
    const hot = cachedRows.get(`${generation} ${entityId}`);
    if (hot && hot.version >= atLeastVersion) return hot;
    const found = await position(entityId);
    if (found?.row === undefined) return undefined;
    const read = { row: found.row as Row, version: found.checkpoint };
    const known = cachedRows.peek(`${generation} ${entityId}`);
    if (!known || known.version <= read.version) cachedRows.set(`${generation} ${entityId}`, read);
    return read;
  }

  async function prefixed(
    { partition, prefix, kind }: { readonly partition: string; readonly prefix: string; readonly kind: string },
    request: PageRequest<Row>,
  ): Promise<Page<Row>> {
    const generation = await serving();
    const key = generationPrefix(generation) + partition;
    checkPartition(partition, key);
    return readPage(table, prefixQuery(key, prefix), {
      query: [generation.name, kind, partition],
      within: generation,
      request,
    });
  }

  async function list(name: string, partition: string, request: PageRequest<Row> = {}): Promise<Page<Row>> {
    const generation = await serving();
    const lists = "lists" in projection ? (projection.lists ?? {}) : {};
    if (!Object.hasOwn(lists, name))
      throw new InvalidArgumentError("list", name, `one of ${Object.keys(lists).join(", ") || "none"}`);
    checkPartition(partition, `${generationPrefix(generation)}${name}#${partition}`);
    const query = listQuery(listIndex(lists, name), listPartition(generation, name, partition));
    return readPage(table, query, { query: [generation.name, name, partition], within: generation, request });
  }

  return {
    row,
    checkpoint: async (entityId) => (await position(entityId))?.checkpoint ?? 0,
    eventRows: (entityId, page = {}) =>
      prefixed({ partition: partitionPart(entityId), prefix: EVENT_ROW_PREFIX, kind: "events" }, page),
    sharedRows: (partition, page = {}) => prefixed({ partition, prefix: SHARED_ROW_PREFIX, kind: "shared" }, page),
    list,
  };
}

/** @throws {InvalidArgumentError} for a partition that no row can stand in */
function checkPartition(partition: string, key: string): void {
  const isKey = isWellFormed(partition) && Buffer.byteLength(key) <= MAX_PARTITION_KEY_BYTES;
  if (!isKey)
    throw new InvalidArgumentError("partition", `${partition.slice(0, 40)}…`, "well-formed text of a key's length");
}

/** How many rows of a projection are kept in memory, and for how many milliseconds. */
const CACHED_ROWS = 500;
const CACHED_FOR_MS = 1_000;

/** The projection's code is newer than every build of its rows. */
export class NotBuiltError extends Error {
  readonly code = "NOT_BUILT";
  constructor(name: string, version: number) {
    super(`projection ${name}: version ${version} is not the serving one; rebuild it`);
    this.name = "NotBuiltError";
  }
}
