/** What other packages may import. */
export * from "./aggregate/index.ts";
export * from "./definition/index.ts";
export * from "./event-store/dynamodb/index.ts";
export * from "./event-store/index.ts";
export * from "./operations/index.ts";
export * from "./projector/dynamodb/index.ts";
export * from "./projector/index.ts";
export * from "./stream/index.ts";
