export * from "./command-contexts.ts";
export * from "./command-handler.ts";
export * from "./command-result.ts";
export * from "./handle-command.ts";
export * from "./keyed-mutex.ts";
export * from "./load.ts";
export * from "./load-at.ts";
export * from "./state-cache.ts";
