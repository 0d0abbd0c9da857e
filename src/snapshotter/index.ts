export * from "./dynamodb-sweep-progress.ts";
export * from "./make-snapshot.ts";
export * from "./notice.ts";
export * from "./policy.ts";
export * from "./sweep.ts";
