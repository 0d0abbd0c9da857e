/** What other packages may import. */
export * from "./aggregate/index.ts";
export * from "./event-store/index.ts";
export * from "./projector/index.ts";
export * from "./stream/index.ts";
