export * from "./make-snapshot.ts";
export * from "./notice.ts";
export * from "./policy.ts";
