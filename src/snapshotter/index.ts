export * from "./dynamodb-sweep-progress.ts";
export * from "./make-snapshot.ts";
export * from "./policy.ts";
export * from "./snapshot-request.ts";
export * from "./sweep.ts";
