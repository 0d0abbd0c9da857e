export * from "./generation.ts";
export * from "./generation-errors.ts";
export { createInMemoryRowReader } from "./in-memory-row-reader.ts";
export { InMemoryRows } from "./in-memory-rows.ts";
export { decodeCursor, encodeCursor, InvalidCursorError } from "./page-cursor.ts";
export * from "./row-reader.ts";
export type { ProjectionStatus } from "./status.ts";
export type { Target } from "./target.ts";
