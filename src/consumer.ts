export * from "./consumer/consume.ts";
export * from "./consumer/dynamodb-received.ts";
export * from "./consumer/envelope.ts";
export * from "./consumer/errors.ts";
export * from "./consumer/fetch-from-api.ts";
export * from "./consumer/received.ts";
