export * from "./dynamodb-parked-entities.ts";
export * from "./dynamodb-stream-poller.ts";
export * from "./entity-batch.ts";
export * from "./lag.ts";
export * from "./partial-failure.ts";
export * from "./records.ts";
export * from "./sleep.ts";
