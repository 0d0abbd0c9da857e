import type { Projection } from "../definition/index.ts";
import { InvalidArgumentError } from "../event-store/index.ts";
import { browseRows, createRowReaders, servingOf } from "../projector/dynamodb/index.ts";
import { listsOf, type RowReader } from "../projector/index.ts";
import type { OperationsContext } from "./context.ts";
import type { RowsPage } from "./contract.ts";

export interface RowsQuery {
  readonly list?: string | undefined;
  readonly partition?: string | undefined;
  readonly cursor?: string | undefined;
  readonly order?: "ascending" | "descending" | undefined;
  /** Default 50. */
  readonly limit?: number | undefined;
}

/** A page of a projection's rows: of one list, or as the table has them. @throws {InvalidArgumentError} */
export async function readRows(
  context: OperationsContext,
  projection: Projection,
  { list, partition, ...page }: RowsQuery,
): Promise<RowsPage> {
  if (list === undefined) return browse(context, projection, page);
  const names = Object.keys(listsOf(projection));
  if (!names.includes(list)) throw new InvalidArgumentError("list", list, `one of ${names.join(", ") || "none"}`);
  if (partition === undefined) return partitionsOf(context, projection, names.indexOf(list) + 1);
  const reader = createRowReaders(context.table, { clock: context.clock })(projection) as Pick<
    RowReader<unknown>,
    "list"
  >;
  const { rows, cursor } = await reader.list(list, partition, page);
  return { rows: rows.map((row) => ({ key: undefined, row })), cursor, partitions: [] };
}

async function browse(
  { table }: OperationsContext,
  projection: Projection,
  { limit = DEFAULT_ROWS, cursor }: RowsQuery,
): Promise<RowsPage> {
  const found = await browseRows(table, await servingOf(table, projection), { limit, cursor });
  return { rows: found.rows.map(({ key, row }) => ({ key, row })), cursor: found.cursor, partitions: [] };
}

async function partitionsOf({ table }: OperationsContext, projection: Projection, number: number): Promise<RowsPage> {
  const { rows } = await browseRows(table, await servingOf(table, projection), { limit: LOOKED_AT });
  const partitions = [...new Set(rows.flatMap(({ lists }) => lists[number] ?? []))].sort();
  return { rows: [], cursor: undefined, partitions };
}

const DEFAULT_ROWS = 50;
const LOOKED_AT = 1_000;
