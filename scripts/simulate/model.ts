/** Limits of AWS, by the second, and where they are documented. Those marked soft can be raised on request. */
export const AWS = {
  /** Write units of one partition of a table or an index: "Best practices for designing and using partition keys". */
  partitionWrites: 1_000,
  /** Write units of one on-demand table or index, soft: "Quotas in Amazon DynamoDB". */
  tableWrites: 40_000,
  /** Partitions that a new on-demand table starts with: "DynamoDB warm throughput", 4,000 write units. */
  newTablePartitions: 4,
  /** Entries of one PutEvents request. */
  putEventsEntries: 10,
} as const;

/** What comes in. */
export interface Workload {
  /** Events offered a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Bytes of an item in the Events table. */
  readonly eventBytes: number;
  readonly entities: number;
  /** Zipf's exponent: 0 touches every entity alike, 1 the first a thousand times as often as the thousandth. */
  readonly skew: number;
  /** Share of the events that the busiest aggregate type has. */
  readonly topType: number;
  /** Share of the events that the busiest user causes. */
  readonly topUser: number;
}

/** What can be turned. */
export interface Knobs {
  readonly indexShards: number;
  readonly parallelizationFactor: number;
  readonly batchSize: number;
  /** Partitions of the Events table, and so shards of its stream. Undefined: as many as the load needs. */
  readonly partitions: number | undefined;
  /** Requests a second that the API takes. */
  readonly throttleRate: number;
  /** Concurrent executions of the account, soft. */
  readonly concurrency: number;
  /** PutEvents requests a second, soft, by region. */
  readonly putEvents: number;
  /** Deliveries of the bus to targets a second, soft, by region. */
  readonly invocations: number;
}

/** What is assumed of the parts; measure yours and say so. */
export interface Assumptions {
  readonly apiMs: number;
  readonly projectBatchMs: number;
  readonly projectEventMs: number;
  readonly publishBatchMs: number;
  readonly publishEventMs: number;
  /** Targets that an event on the bus goes to. */
  readonly targets: number;
  /** Write units that an event of the busiest type costs in the busiest partition of a list; 2: it moves in the list. */
  readonly listUnits: number;
}

export const WORKLOAD: Workload = {
  rate: 1_000,
  seconds: 600,
  eventBytes: 900,
  entities: 20_000,
  skew: 0,
  topType: 0.8,
  topUser: 0.05,
};

/** As serverless.yml sets them, and the quotas of a grown account in eu-central-1. */
export const KNOBS: Knobs = {
  indexShards: 1,
  parallelizationFactor: 1,
  batchSize: 100,
  partitions: undefined,
  throttleRate: 1_000,
  concurrency: 1_000,
  putEvents: 2_400,
  invocations: 4_500,
};

export const ASSUMPTIONS: Assumptions = {
  apiMs: 20,
  projectBatchMs: 15,
  projectEventMs: 0.5,
  publishBatchMs: 15,
  publishEventMs: 1.5,
  targets: 1,
  listUnits: 2,
};

type Settings = Workload & Knobs & Assumptions;

/** What each setting may be: from, to, and whether it is an integer. */
export const RANGES: Readonly<Record<keyof Settings, readonly [from: number, to: number, isWhole: boolean]>> = {
  rate: [1, 10_000_000, false],
  seconds: [1, 86_400, true],
  eventBytes: [1, 400 * 1024, true],
  entities: [1, 200_000, true],
  skew: [0, 5, false],
  topType: [0.001, 1, false],
  topUser: [0.000001, 1, false],
  indexShards: [1, 100, true],
  parallelizationFactor: [1, 10, true],
  batchSize: [1, 10_000, true],
  partitions: [1, 10_000, true],
  throttleRate: [1, 10_000_000, false],
  concurrency: [1, 1_000_000, true],
  putEvents: [1, 1_000_000, false],
  invocations: [1, 1_000_000, false],
  apiMs: [0.1, 30_000, false],
  projectBatchMs: [0.1, 60_000, false],
  projectEventMs: [0, 10_000, false],
  publishBatchMs: [0.1, 60_000, false],
  publishEventMs: [0, 10_000, false],
  targets: [0, 100, false],
  listUnits: [0.001, 1_000, false],
};

/** The places where an event can be held up, in its order. */
export type Place =
  | "API throttle"
  | "entity"
  | "EventTypeIndex partition"
  | "UserActionIndex partition"
  | "table partition"
  | "table quota"
  | "projector"
  | "list partition"
  | "publisher"
  | "PutEvents quota"
  | "invocations quota"
  | "Lambda concurrency";

export interface Outcome {
  /** Events a second that were offered and taken; the others were answered 429 or 503. */
  readonly offered: number;
  readonly taken: number;
  /** Events a second that were refused, by what refused them. */
  readonly refused: Readonly<Partial<Record<Place, number>>>;
  /** Write units a second in the busiest partition of each. */
  readonly busiest: { readonly entity: number; readonly typePartition: number; readonly userPartition: number };
  readonly shards: number;
  readonly concurrency: number;
  /** Seconds that the slowest shard is behind at the end. */
  readonly readModelsBehind: number;
  readonly busBehind: number;
  readonly deliveriesBehind: number;
  /** What holds events up or refuses them, most first. */
  readonly limits: readonly Place[];
}
