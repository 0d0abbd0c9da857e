import { MetricUnit } from "@aws-lambda-powertools/metrics";
import type { Context, EventBridgeEvent } from "aws-lambda";
import { readConfig } from "../config.ts";
import type { ServiceDefinition } from "../definition/index.ts";
import { eventBridgeBus } from "../publisher/index.ts";
import {
  aggregateOf,
  dynamoDbSweepProgress,
  isSnapshotRequest,
  makeSnapshot,
  type SnapshotterContext,
  type SweepContext,
  sweepAggregate,
} from "../snapshotter/index.ts";
import { createEventBridgeClient } from "./clients.ts";
import { clock, createLogger, createMetrics, createStore } from "./wiring.ts";

const SWEEP_UNFINISHED = "SweepUnfinished";

type Input = EventBridgeEvent<string, unknown> | { readonly sweep: true };

/** The function that makes snapshots: of one entity when one is due, of all that changed by schedule. */
export function createSnapshotterHandler(service: ServiceDefinition) {
  const config = readConfig("snapshotter");
  const logger = createLogger();
  const metrics = createMetrics();
  const { store, table } = createStore(service, config);
  const bus = eventBridgeBus(createEventBridgeClient(config.AWS_CLIENT), config.EVENT_BUS);
  const aggregates = Object.values(service.aggregates);
  const context: SnapshotterContext = { store, aggregates, clock, keep: config.SNAPSHOTS_KEPT };

  async function makeDue(detail: unknown): Promise<void> {
    if (!isSnapshotRequest(detail)) return;
    const { entityId, aggregateType, correlationId } = detail;
    const aggregate = aggregateOf(context, aggregateType);
    if (!aggregate) return;
    const made = await makeSnapshot(context, aggregate, entityId);
    if (made.outcome === "too-large") metrics.addMetric("SnapshotsTooLarge", MetricUnit.Count, 1);
    logger.info(`snapshot ${made.outcome}`, { entityId, ...made, correlationId });
  }

  /** Tells the bus that the sweep has to go on, for this invocation has no time left. */
  async function goOn(): Promise<void> {
    const time = clock().toISOString();
    const source = config.SERVICE_NAME ?? service.name;
    const entry = { source, detailType: SWEEP_UNFINISHED, detail: "{}", resources: [], time };
    const [refusal] = await bus.put([entry]);
    if (refusal) throw new Error(`${SWEEP_UNFINISHED} was refused: ${refusal.code}: ${refusal.message}`);
  }

  async function sweep(timeLeft: () => number): Promise<void> {
    const onFailure = (entityId: string, error: unknown) =>
      logger.warn(`snapshot failed: ${String(error)}`, { entityId });
    const progress = dynamoDbSweepProgress(table.client, config.SNAPSHOTS_TABLE);
    const sweeping: SweepContext = { ...context, progress, timeLeft, onFailure };
    for (const aggregate of aggregates) {
      const report = await sweepAggregate(sweeping, aggregate);
      logger.info("sweep", { ...report });
      metrics.addMetric("SnapshotsTooLarge", MetricUnit.Count, report.tooLarge);
      metrics.addMetric("SnapshotsFailed", MetricUnit.Count, report.failed);
      if (!report.isDone) return goOn();
    }
  }

  /** A snapshot request from the bus, the daily schedule, or the rest of a sweep. */
  return async (event: Input, { getRemainingTimeInMillis }: Context): Promise<void> => {
    const isSweep = "sweep" in event || event["detail-type"] === SWEEP_UNFINISHED;
    if (isSweep) await sweep(getRemainingTimeInMillis);
    else await makeDue(event.detail);
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  };
}
