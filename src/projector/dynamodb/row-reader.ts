import { type ListOf, type Projection, type RowOf, versionOf } from "../../definition/projection.ts";
import { systemClock } from "../../event-store/defaults.ts";
import { checkFields, type Fields, LruMap } from "../../event-store/index.ts";
import { partitionPart, type ReadModelTable } from "../../stream/index.ts";
import type { GenerationKey, Generations } from "../generation.ts";
import type { Position } from "../position.ts";
import { EVENT_ROW_PREFIX, SHARED_ROW_PREFIX } from "../row-keys.ts";
import {
  checkList,
  checkPartition,
  listsOf,
  type Page,
  type PageRequest,
  type RowReader,
  type RowReaderOf,
  type VersionedRow,
} from "../row-reader.ts";
import { GENERATIONS_MAX_AGE_MS, GenerationsCache } from "./generations.ts";
import { readPositionNow } from "./positions.ts";
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
  const { generationsMaxAgeMs = GENERATIONS_MAX_AGE_MS, clock = systemClock } = options;
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
  const cachedRows = new LruMap<VersionedRow<Row>>({ maxSize: CACHED_ROWS, ttlMs: CACHED_FOR_MS });

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

  /** Of the serving generation, or of the one before it while that is further. */
  async function position(entityId: string): Promise<Position> {
    const found = await current();
    const { name, serving: generation } = found;
    const positionIn = (number: number) =>
      readPositionNow(table, projection, { generation: { name, number }, entityId });
    const before = generations.alsoRead(found);
    const [now, then] = await Promise.all([
      positionIn(generation),
      before === undefined ? undefined : positionIn(before),
    ]);
    return then && then.checkpoint > now.checkpoint ? then : now;
  }

  async function row(entityId: string, atLeastVersion = 0): Promise<VersionedRow<Row> | undefined> {
    const { number: generation } = await serving();
    const cached = cachedRows.get(`${generation} ${entityId}`);
    if (cached && cached.version >= atLeastVersion) return cached;
    const found = await position(entityId);
    if (found.row === undefined) return undefined;
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
    const lists = listsOf(projection);
    checkList(lists, name);
    const key = listPartition(generation, name, partition);
    checkPartition(partition, key);
    const query = listQuery(listIndex(lists, name), key);
    return readPage(table, query, { query: [generation.name, name, partition], within: generation, request });
  }

  return {
    row,
    checkpoint: async (entityId) => (await position(entityId)).checkpoint,
    eventRows: (entityId, page = {}) =>
      prefixed({ partition: partitionPart(entityId), prefix: EVENT_ROW_PREFIX, kind: "events" }, page),
    sharedRows: (partition, page = {}) => prefixed({ partition, prefix: SHARED_ROW_PREFIX, kind: "shared" }, page),
    list,
  };
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
