export * from "./bus.ts";
export * from "./envelope.ts";
export * from "./event-bridge-bus.ts";
export * from "./publisher.ts";
