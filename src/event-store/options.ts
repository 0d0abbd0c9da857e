import type { PayloadEncoding } from "./dynamodb-payload.ts";
import { InvalidArgumentError } from "./errors.ts";
import type { EventTypes } from "./event-types.ts";

export interface DynamoDBEventStoreOptions {
  /** Schemas, versions and upcasters by event type. Default: none. */
  readonly eventTypes?: EventTypes;
  /** How payloads are written; both are read. Default "map". */
  readonly payloadEncoding?: PayloadEncoding;
  /** How often an append without `expectedVersion` may lose a race. At least 1, default 40. */
  readonly appendAttempts?: number;
  /** How often a throttled or conflicting request is sent, each time with the SDK's own attempts. At least 1, default 8. */
  readonly requestAttempts?: number;
  /** Bytes of memory for what is known of entities. Default 64 MiB; not less than 1 KiB. */
  readonly memoryBytes?: number;
  /** Default: the system's. */
  readonly clock?: () => Date;
  /** Makes event ids and request tokens. Default: random UUIDs. */
  readonly newId?: () => string;
}

const KNOWN: Record<keyof DynamoDBEventStoreOptions, string> = {
  eventTypes: "object",
  payloadEncoding: "string",
  appendAttempts: "number",
  requestAttempts: "number",
  memoryBytes: "number",
  clock: "function",
  newId: "function",
};

const MINIMUM: Partial<Record<keyof DynamoDBEventStoreOptions, number>> = {
  appendAttempts: 1,
  requestAttempts: 1,
  memoryBytes: 1024,
};

function checkOption(name: string, value: unknown): void {
  const type = KNOWN[name as keyof DynamoDBEventStoreOptions];
  if (!type) throw new InvalidArgumentError(`options.${name}`, value, `one of ${Object.keys(KNOWN).join(", ")}`);
  if (typeof value !== type) throw new InvalidArgumentError(`options.${name}`, value, `a ${type}`);
  const minimum = MINIMUM[name as keyof DynamoDBEventStoreOptions];
  if (minimum !== undefined && (!Number.isInteger(value) || Number(value) < minimum)) {
    throw new InvalidArgumentError(`options.${name}`, value, `a whole number from ${minimum}`);
  }
}

/** @throws {InvalidArgumentError} for an unknown option or a value of the wrong type */
export function checkOptions(options: DynamoDBEventStoreOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) checkOption(name, value);
  }
  const encoding = options.payloadEncoding;
  if (encoding !== undefined && encoding !== "map" && encoding !== "json") {
    throw new InvalidArgumentError("options.payloadEncoding", encoding, '"map" or "json"');
  }
}
