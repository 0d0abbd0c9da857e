export { type Copied, type CopyConflict, type CopyRequest, copyEvents } from "./dynamodb-copy-events.ts";
