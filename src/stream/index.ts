export * from "./dynamodb-stream-poller.ts";
export * from "./entity-batch.ts";
export * from "./lag.ts";
export * from "./parked-event.ts";
export * from "./partial-failure.ts";
export * from "./records.ts";
export * from "./sleep.ts";
