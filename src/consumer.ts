export * from "./consumer/checkpoints.ts";
export * from "./consumer/consume.ts";
export * from "./consumer/dynamodb-checkpoints.ts";
export * from "./consumer/envelope.ts";
export * from "./consumer/errors.ts";
export * from "./consumer/fetch-from-api.ts";
