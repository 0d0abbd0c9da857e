import type { ListOf, Lists, Projection, RowOf, RowPerEntity, RowPerEvent } from "../definition/index.ts";
import {
  checkFields,
  checkWholeNumber,
  type Fields,
  InvalidArgumentError,
  isWellFormed,
  MAX_PARTITION_KEY_BYTES,
} from "../event-store/index.ts";

/** A row with the version of its entity that it shows. */
export interface VersionedRow<Row> {
  readonly row: Row;
  readonly version: number;
}

export interface Page<Row> {
  /** May be fewer than were asked for, or none, though there are more: the cursor tells. */
  readonly rows: readonly Row[];
  /** Undefined on the last page. */
  readonly cursor: string | undefined;
}

export interface PageRequest<Row = unknown> {
  /** At least 1. Default 50. */
  readonly limit?: number | undefined;
  /** The page ends before its rows come to more bytes of JSON than this. Default 3,000,000: what Lambda answers for sure. */
  readonly maxBytes?: number | undefined;
  readonly cursor?: string | undefined;
  readonly order?: "ascending" | "descending" | undefined;
  /** Only rows whose fields have these values. */
  readonly where?: Partial<Record<keyof Row & string, string>> | undefined;
}

/** How a projection's rows are asked for. All reads are of the serving generation. */
export interface RowReader<Row, List extends string = string> {
  /**
   * The row of one entity; undefined when there is none. A cached row may come from memory, up to a
   * second old, but never older than `atLeastVersion`.
   */
  row(entityId: string, atLeastVersion?: number): Promise<VersionedRow<Row> | undefined>;
  /** How far the projection has read an entity. */
  checkpoint(entityId: string): Promise<number>;
  /** Rows of one entity's events, by sequence number. */
  eventRows(entityId: string, page?: PageRequest<Row>): Promise<Page<Row>>;
  /** Shared rows of one partition, by key. */
  sharedRows(partition: string, page?: PageRequest<Row>): Promise<Page<Row>>;
  /** Rows of one list of the projection. */
  list(list: List, partition: string, page?: PageRequest<Row>): Promise<Page<Row>>;
}

/** What can be asked of a projection's rows, by its kind. */
export type RowReaderOf<P> = Pick<
  RowReader<RowOf<P>, ListOf<P>>,
  | "checkpoint"
  // biome-ignore lint/suspicious/noExplicitAny: rows of any shape
  | (P extends RowPerEntity<any> ? "row" | "list" : P extends RowPerEvent<any> ? "eventRows" | "list" : "sharedRows")
>;

/** Bytes of JSON that a page's rows come to, at most: half of what Lambda answers, for JSON inside JSON may double. */
export const MAX_PAGE_BYTES = 3_000_000;

/** Digits of the largest integer that JavaScript counts with. */
const DIGITS = 16;

/** A non-negative integer as text that sorts as the number does. @throws {InvalidArgumentError} for any other value */
export function sortable(value: number): string {
  checkWholeNumber("sortable", value, 0);
  return String(value).padStart(DIGITS, "0");
}

export const DEFAULT_PAGE_LIMIT = 50;

const PAGE: Fields<PageRequest> = { limit: true, maxBytes: true, cursor: true, order: true, where: true };

/** @throws {InvalidArgumentError} by name, for what no page can be made of */
export function checkPageRequest(request: PageRequest<never>): void {
  checkFields("page", request, PAGE);
  const { limit, maxBytes, order, where } = request;
  if (limit !== undefined) checkWholeNumber("page.limit", limit, 1);
  if (maxBytes !== undefined) checkWholeNumber("page.maxBytes", maxBytes, 1);
  if (order !== undefined && order !== "ascending" && order !== "descending")
    throw new InvalidArgumentError("page.order", order, "ascending or descending");
  if (where !== undefined) checkWhere(where);
}

export const listsOf = <Row>(projection: Projection<Row>): Lists<Row> =>
  ("lists" in projection ? projection.lists : undefined) ?? {};

/** @throws {InvalidArgumentError} for a list that the projection has not */
export function checkList(lists: object, name: string): void {
  if (!Object.hasOwn(lists, name))
    throw new InvalidArgumentError("list", name, `one of ${Object.keys(lists).join(", ") || "none"}`);
}

/** @throws {InvalidArgumentError} for a partition that no row can stand in */
export function checkPartition(partition: string, key: string): void {
  if (!isWellFormed(partition) || Buffer.byteLength(key) > MAX_PARTITION_KEY_BYTES)
    throw new InvalidArgumentError("partition", `${partition.slice(0, 40)}…`, "well-formed text of a key's length");
}

function checkWhere(where: unknown): void {
  if (typeof where !== "object" || where === null || Array.isArray(where))
    throw new InvalidArgumentError("page.where", where, "texts by the fields of a row");
  for (const [field, value] of Object.entries(where))
    if (value !== undefined && (typeof value !== "string" || !isWellFormed(value)))
      throw new InvalidArgumentError(`page.where.${field}`, value, "well-formed text");
}
