import { type Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { ProjectionOutcome } from "../projector/dynamodb/index.ts";
import type { ProjectionStatus } from "../projector/index.ts";
import type { StreamedEvent } from "../stream/index.ts";

/** What a batch came to, one set a projection. */
export function measureBatch(
  metrics: Metrics,
  outcomes: readonly ProjectionOutcome[],
  { records, now }: { readonly records: readonly Pick<StreamedEvent, "event">[]; readonly now: Date },
): void {
  const times = records.flatMap(({ event }) => (event ? [Date.parse(event.eventTime)] : []));
  const oldest = Math.min(...times);
  for (const { projection, applied, skipped, repaired, parked, failures } of outcomes) {
    const counts = { Applied: applied, Skipped: skipped, Repaired: repaired, Parked: parked, Failed: failures.length };
    for (const [name, count] of Object.entries(counts)) {
      if (count > 0) ofProjection(metrics, projection, { name, unit: MetricUnit.Count, value: count });
    }
    if (times.length > 0) {
      const age = Math.max(0, now.getTime() - oldest) / 1000;
      ofProjection(metrics, projection, { name: "BatchAgeSeconds", unit: MetricUnit.Seconds, value: age });
    }
  }
}

type HealthMetrics = Pick<ProjectionStatus, "parked" | "eventsBehind" | "oldestWaitingSeconds">;

/** How the read models and the publisher stand: a set for each, and for the alarms the worst of all. */
export function measureHealth(metrics: Metrics, all: readonly ProjectionStatus[], publisher: HealthMetrics): void {
  for (const { projection, parked, eventsBehind, oldestWaitingSeconds } of [
    ...all,
    { projection: "publisher", ...publisher },
  ]) {
    ofProjection(metrics, projection, { name: "ParkedEntities", unit: MetricUnit.Count, value: parked });
    ofProjection(metrics, projection, { name: "EventsBehind", unit: MetricUnit.Count, value: eventsBehind });
    ofProjection(metrics, projection, {
      name: "OldestWaitingSeconds",
      unit: MetricUnit.Seconds,
      value: oldestWaitingSeconds,
    });
  }
  const parked = all.reduce((sum, one) => sum + one.parked, publisher.parked);
  metrics.addMetric("ParkedEntities", MetricUnit.Count, parked);
  const oldest = Math.max(0, ...all.map(({ oldestWaitingSeconds }) => oldestWaitingSeconds));
  metrics.addMetric("OldestWaitingSeconds", MetricUnit.Seconds, oldest);
  metrics.addMetric("OldestUnpublishedSeconds", MetricUnit.Seconds, publisher.oldestWaitingSeconds);
  metrics.publishStoredMetrics();
}

type Unit = (typeof MetricUnit)[keyof typeof MetricUnit];

/** One metric of one projection, in CloudWatch's embedded metric format. */
function ofProjection(
  metrics: Metrics,
  projection: string,
  { name, unit, value }: { readonly name: string; readonly unit: Unit; readonly value: number },
): void {
  const metric = metrics.singleMetric();
  metric.addDimension("projection", projection);
  metric.addMetric(name, unit, value);
}
