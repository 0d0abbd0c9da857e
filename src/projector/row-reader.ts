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
export interface RowReader<Row> {
  /**
   * The row of one entity; undefined when there is none. A hot row may come from memory, up to a
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
  list(list: string, partition: string, page?: PageRequest<Row>): Promise<Page<Row>>;
}
