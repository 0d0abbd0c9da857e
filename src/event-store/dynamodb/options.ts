import { InvalidArgumentError } from "../errors.ts";
import type { AggregateEventTypes, EventTypes } from "../event-types.ts";
import type { Warn } from "../warn.ts";
import { MAX_INDEX_SHARDS } from "./index-shards.ts";
import type { PayloadEncoding } from "./payload.ts";

export interface DynamoDBEventStoreOptions {
  /** Schemas, versions and upcasters by event type, for aggregates that do not declare their own. Default: none. */
  readonly eventTypes?: EventTypes;
  /**
   * The event types of each aggregate: its events are read by them, and an event type that it does not declare is
   * refused. `load` and `handleCommand` declare their aggregate as well. Default: none.
   */
  readonly aggregates?: readonly AggregateEventTypes[];
  /** How payloads are written; both are read. Default "map". */
  readonly payloadEncoding?: PayloadEncoding;
  /** How often an append without `expectedVersion` may lose a race. At least 1, default 40. */
  readonly appendAttempts?: number;
  /** How often a throttled or conflicting request is sent, each time with the SDK's own attempts. At least 1, default 8. */
  readonly requestAttempts?: number;
  /**
   * Index partitions that the events of one aggregate type, and of one user, are spread over. 1 to 100, default 1.
   * Above 1 the table's indexes are keyed by `aggregateTypeShard` and `userIdShard`, from its first event on; the
   * number may grow later and must not shrink. Reads answer the same and send a query a shard.
   */
  readonly indexShards?: number;
  /** Bytes of memory for what is known of entities. Default 64 MiB; not less than 1 KiB. */
  readonly memoryBytes?: number;
  /** Default: the system's. */
  readonly clock?: () => Date;
  /** Makes event ids and request tokens. Default: random UUIDs. */
  readonly newId?: () => string;
  /** X-Ray's header of the request at hand, kept on its events; undefined when it is not traced. Default: never. */
  readonly traceHeader?: () => string | undefined;
  /** Told of what is wrong and does not stop the work, such as a clock that is ahead. Default: ignored. */
  readonly warn?: Warn;
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

function checkOption(name: string, value: unknown): void {
  const type = KNOWN[name as keyof DynamoDBEventStoreOptions];
  if (!type) throw new InvalidArgumentError(`options.${name}`, value, `one of ${Object.keys(KNOWN).join(", ")}`);
  if (typeof value !== type) throw new InvalidArgumentError(`options.${name}`, value, `a ${type}`);
  const range = RANGES[name as keyof DynamoDBEventStoreOptions];
  if (range) checkRange(name, value, range);
}

const KNOWN: Record<keyof DynamoDBEventStoreOptions, string> = {
  eventTypes: "object",
  aggregates: "object",
  warn: "function",
  payloadEncoding: "string",
  appendAttempts: "number",
  requestAttempts: "number",
  indexShards: "number",
  memoryBytes: "number",
  clock: "function",
  newId: "function",
  traceHeader: "function",
};

type Range = readonly [from: number, to?: number];
const RANGES: Partial<Record<keyof DynamoDBEventStoreOptions, Range>> = {
  appendAttempts: [1],
  requestAttempts: [1],
  indexShards: [1, MAX_INDEX_SHARDS],
  memoryBytes: [1024],
};

function checkRange(name: string, value: unknown, [from, to]: Range): void {
  const isWithin = Number.isInteger(value) && Number(value) >= from && Number(value) <= (to ?? Number.MAX_SAFE_INTEGER);
  const expected = to === undefined ? `an integer of at least ${from}` : `an integer from ${from} to ${to}`;
  if (!isWithin) throw new InvalidArgumentError(`options.${name}`, value, expected);
}
