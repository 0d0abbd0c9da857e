export * from "./generation.ts";
export * from "./generation-errors.ts";
export { decodeCursor, encodeCursor, InvalidCursorError } from "./page-cursor.ts";
export * from "./row-reader.ts";
export type { Target } from "./target.ts";
