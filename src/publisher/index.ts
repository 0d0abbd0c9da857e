export * from "./bus.ts";
export * from "./catch-up.ts";
export * from "./contract.ts";
export * from "./dynamodb-publisher.ts";
export * from "./envelope.ts";
export * from "./event-bridge-bus.ts";
export type { Notice } from "./plan.ts";
export { type PublisherStatusContext, readPublisherStatus } from "./status.ts";
