import type { EventBridgeEvent } from "aws-lambda";
import { readConfig } from "../config.ts";
import { aggregates } from "../product/index.ts";
import { aggregateOf, isSnapshotDueNotice, makeSnapshot, type SnapshotterContext } from "../snapshotter/index.ts";
import { clock, createLogger, createStore } from "./wiring.ts";

const config = readConfig("snapshotter");
const logger = createLogger(config);
const context: SnapshotterContext = {
  store: createStore(config).store,
  aggregates,
  clock,
  keep: config.SNAPSHOTS_KEPT,
};

/** A `SnapshotDue` notice from the bus. */
export async function handler({ detail }: EventBridgeEvent<string, unknown>): Promise<void> {
  if (!isSnapshotDueNotice(detail)) return;
  const aggregate = aggregateOf(context, detail.aggregateType);
  if (!aggregate) return;
  const made = await makeSnapshot(context, aggregate, detail.entityId);
  logger.info(`snapshot ${made.outcome}`, { entityId: detail.entityId, ...made, correlationId: detail.correlationId });
}
