import type { Config } from "../config.ts";
import type { ServiceDefinition } from "../definition/index.ts";
import type { StoredEvent } from "../event-store/index.ts";
import type { PublisherOptions, SnapshotRequest } from "../publisher/index.ts";
import { isSnapshotDue, SNAPSHOT_DUE, snapshotDue } from "../snapshotter/index.ts";

/** What a stage publishes, and how: the same for the function and for whoever publishes by hand. */
export function publishingOf(
  { name, aggregates, eventTypes, publicEvents }: ServiceDefinition,
  config: Config<"publisher">,
) {
  const policies = new Map(
    Object.values(aggregates).map(({ aggregateType, snapshots }) => [
      aggregateType,
      { ...snapshots, every: config.SNAPSHOT_EVERY ?? snapshots?.every },
    ]),
  );
  const snapshotRequestsOf = (event: StoredEvent): SnapshotRequest[] => {
    const policy = policies.get(event.aggregateType);
    return policy && isSnapshotDue(policy, event) ? [{ detailType: SNAPSHOT_DUE, detail: snapshotDue(event) }] : [];
  };
  return {
    eventTypes,
    publicEvents,
    source: config.SERVICE_NAME ?? name,
    snapshotRequestsOf,
    maxBytes: config.BUS_MAX_BYTES,
    publishUserId: config.PUBLISH_USER_ID,
    parkAfter: config.PARK_AFTER,
  } satisfies Partial<PublisherOptions>;
}
