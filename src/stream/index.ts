export * from "./dynamodb-stream-poller.ts";
export * from "./entity-batch.ts";
export * from "./partial-failure.ts";
export * from "./records.ts";
export * from "./sleep.ts";
export * from "./waiting.ts";
