import type { ListOf, Projection, RowOf } from "../definition/index.ts";
import { type InMemoryRows, listKeyOf, type RowPlace } from "./in-memory-rows.ts";
import { decodeCursor, encodeCursor } from "./page-cursor.ts";
import {
  checkList,
  checkPageRequest,
  checkPartition,
  DEFAULT_PAGE_LIMIT,
  listsOf,
  MAX_PAGE_BYTES,
  type Page,
  type PageRequest,
  type RowReader,
  sortable,
} from "./row-reader.ts";

/** A row with the key that it stands under among those of a page. */
interface Placed<Row> {
  readonly sort: readonly [string, string];
  readonly row: Row;
}

/**
 * Reads rows that are in memory, as `createRowReader` reads them from the table: the same pages and the same refusals.
 *
 * @param checkpointOf the last event of an entity that the projection has taken
 */
export function createInMemoryRowReader<P extends Projection>(
  projection: P,
  rows: InMemoryRows,
  checkpointOf: (entityId: string) => number,
): RowReader<RowOf<P>, ListOf<P>> {
  type Row = RowOf<P>;
  const lists = listsOf(projection);
  /** As the keys of the table's first generation begin. */
  const prefix = `${projection.name}@1#`;

  function pageOf(query: readonly string[], request: PageRequest<Row>, placeOf: PlaceOf): Page<Row> {
    const placed = rows.all.flatMap(({ place, row }) => {
      const sort = placeOf(place, row);
      return sort ? [{ sort, row: structuredClone(row) as Row }] : [];
    });
    return readPage([projection.name, ...query], request, placed);
  }

  return {
    async row(entityId) {
      const row = rows.get({ entityId }) as Row | undefined;
      return row === undefined ? undefined : { row, version: checkpointOf(entityId) };
    },
    checkpoint: async (entityId) => checkpointOf(entityId),
    eventRows: async (entityId, request = {}) =>
      pageOf(["events", entityId], request, (place) =>
        "sequenceNumber" in place && place.entityId === entityId ? ["", sortable(place.sequenceNumber)] : undefined,
      ),
    async sharedRows(partition, request = {}) {
      checkPartition(partition, prefix + partition);
      return pageOf(["shared", partition], request, (place) =>
        "partition" in place && place.partition === partition ? ["", place.key] : undefined,
      );
    },
    async list(name: string, partition, request = {}) {
      checkList(lists, name);
      checkPartition(partition, `${prefix}${name}#${partition}`);
      return pageOf(["list", name, partition], request, (place, row) => {
        const key = listKeyOf(place);
        const found = lists[name]?.(row, key);
        return found?.partition === partition ? [found.sort, key] : undefined;
      });
    },
  };
}

function readPage<Row>(query: readonly string[], request: PageRequest<Row>, placed: readonly Placed<Row>[]): Page<Row> {
  checkPageRequest(request);
  const { limit = DEFAULT_PAGE_LIMIT, maxBytes = MAX_PAGE_BYTES, order = "ascending", where = {}, cursor } = request;
  const identity = JSON.stringify([...query, Object.entries(where), order]);
  const after = cursor === undefined ? undefined : decodeCursor(identity, cursor, 2).map((part) => part.slice(1));
  const sign = order === "ascending" ? 1 : -1;
  const wanted = placed
    .filter(({ row }) =>
      Object.entries(where).every(([field, value]) => value === undefined || Reflect.get(Object(row), field) === value),
    )
    .sort((a, b) => sign * compare(a.sort, b.sort))
    .filter(({ sort }) => after === undefined || sign * compare(sort, after) > 0);
  let bytes = 0;
  const end = wanted.slice(0, limit).findIndex(({ row }, index) => {
    bytes += Buffer.byteLength(JSON.stringify(row));
    return index > 0 && bytes > maxBytes;
  });
  const page = wanted.slice(0, end === -1 ? limit : end);
  const last = page.at(-1);
  const hasMore = last !== undefined && page.length < wanted.length;
  // A cursor holds no empty text.
  return {
    rows: page.map(({ row }) => row),
    cursor: hasMore
      ? encodeCursor(
          identity,
          last.sort.map((part) => `.${part}`),
        )
      : undefined,
  };
}

/** By the bytes of their UTF-8, as DynamoDB sorts. */
function compare(a: readonly string[], b: readonly string[]): number {
  return bytesOf(a[0]).compare(bytesOf(b[0])) || bytesOf(a[1]).compare(bytesOf(b[1]));
}

const bytesOf = (text = ""): Buffer => Buffer.from(text, "utf8");

type PlaceOf = (place: RowPlace, row: unknown) => readonly [string, string] | undefined;
