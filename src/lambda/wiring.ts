import { randomUUID } from "node:crypto";
import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { Context } from "aws-lambda";
import type { Feed, ServiceDefinition } from "../definition/index.ts";
import { DynamoDBEventStore, type PayloadEncoding } from "../event-store/dynamodb/index.ts";
import { pause } from "../event-store/index.ts";
import { createProjector, type Projector, type ReadModelTable } from "../projector/dynamodb/index.ts";
import type { EntityFailure, LagSweepReport, StreamedEvent } from "../stream/index.ts";
import { type ClientKind, createDynamoDBClients } from "./clients.ts";
import { currentTraceHeader, traceWork } from "./tracing.ts";

/** The scheduled input of a reader of the events: find the entities that it has left behind, and repair them. */
export interface LagSweepRequest {
  readonly sweep: "lag";
}

export const createMetrics = (): Metrics => new Metrics({ namespace: "Streamfold" });

interface BatchDone {
  readonly logger: Logger;
  readonly name: string;
  readonly start: Date;
  readonly records: readonly StreamedEvent[];
  readonly failures: readonly EntityFailure[];
}

/** What a function did of a batch of the table stream, told to the traces of the events in it. */
export function traceBatch({ logger, name, start, records, failures }: BatchDone): Promise<void> {
  const events = records.flatMap(({ event }) => event ?? []);
  const onLoss = (error: unknown) => logger.warn(`segments were lost: ${String(error)}`);
  return traceWork({ name, start, end: clock(), events, failures }, onLoss);
}

/** The projector of the projections that one feed brings events to; the feed is the reader's name. */
export function wireProjector(
  service: ServiceDefinition,
  config: Tables & { PARK_AFTER: number },
  feed: Feed,
): Projector {
  const { store, table } = createStore(service, config);
  return createProjector({
    projections: service.projections.filter((one) => (one.feed ?? "stream") === feed),
    store,
    table,
    eventTypes: service.eventTypes,
    clock,
    random: Math.random,
    parkAfter: config.PARK_AFTER,
    reader: feed,
  });
}

export function createStore(
  { aggregates }: Pick<ServiceDefinition, "aggregates">,
  config: Tables,
): { store: DynamoDBEventStore; table: ReadModelTable } {
  const { REPORT_REQUESTS: channel } = config;
  const by = process.env.AWS_LAMBDA_FUNCTION_NAME ?? "";
  const { client, documents } = createDynamoDBClients(config.AWS_CLIENT, channel ? { channel, by } : undefined);
  const { EVENTS_TABLE, SNAPSHOTS_TABLE, READ_MODELS_TABLE, PAYLOAD_ENCODING, INDEX_SHARDS, TRACING } = config;
  const traceHeader = TRACING === "on" ? currentTraceHeader : () => undefined;
  const logger = createLogger();
  const options = {
    aggregates: Object.values(aggregates),
    warn: (message: string, fields: Readonly<Record<string, unknown>>) => logger.warn(message, { ...fields }),
    payloadEncoding: PAYLOAD_ENCODING,
    indexShards: INDEX_SHARDS,
    traceHeader,
    clock,
    newId,
  };
  const store = new DynamoDBEventStore(client, EVENTS_TABLE, SNAPSHOTS_TABLE, options);
  return { store, table: { client: documents, name: READ_MODELS_TABLE } };
}

/** Milliseconds, growing with the attempt and spread at random. */
export const backOff = (attempt: number): Promise<void> =>
  pause(Math.min(2_000, 25 * 2 ** attempt) * (0.5 + Math.random() / 2));

/** Both name the deployment, which the powertools take from POWERTOOLS_SERVICE_NAME: stages do not mix. */
export const createLogger = (): Logger => new Logger();

export const newId = (): string => randomUUID();

interface Tables {
  readonly EVENTS_TABLE: string;
  readonly SNAPSHOTS_TABLE: string;
  readonly READ_MODELS_TABLE: string;
  readonly PAYLOAD_ENCODING: PayloadEncoding;
  readonly INDEX_SHARDS: number;
  readonly AWS_CLIENT: ClientKind;
  readonly REPORT_REQUESTS?: string | undefined;
  readonly TRACING: "on" | "off";
}

export const clock = (): Date => new Date();

/** Milliseconds before the function's end at which the rest is left to the next delivery. */
const RESERVE_MS = 10_000;

export const timeUpOf =
  ({ getRemainingTimeInMillis }: Pick<Context, "getRemainingTimeInMillis">) =>
  (): boolean =>
    getRemainingTimeInMillis() < RESERVE_MS;

export const isLagSweep = (event: object): event is LagSweepRequest => "sweep" in event && event.sweep === "lag";

/** What a sweep found, for the log and as a metric. */
export function tellSweep(logger: Logger, metrics: Metrics, reports: readonly LagSweepReport[]): void {
  for (const { behind, failed, ...report } of reports) {
    const line = { ...report, behind: behind.length, failed: failed.length };
    if (behind.length === 0) logger.info("lag sweep", line);
    else
      logger.warn("lag sweep", {
        ...line,
        entities: report.entities,
        examples: behind.slice(0, 10),
        stillBehind: failed.slice(0, 10),
      });
    metrics.addMetric("EntitiesLeftBehind", MetricUnit.Count, behind.length);
  }
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
