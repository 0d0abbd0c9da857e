import type { Config } from "../config.ts";
import type { StoredEvent } from "../event-store/index.ts";
import { aggregates, eventTypes } from "../product/index.ts";
import type { Notice, PublisherOptions } from "../publisher/index.ts";
import { isSnapshotDue, SNAPSHOT_DUE, snapshotDue } from "../snapshotter/index.ts";

/** What a stage publishes, and how: the same for the function and for who publishes by hand. */
export function publishingOf(config: Config<"publisher">) {
  const significantEvents = aggregates.flatMap((aggregate) => aggregate.significantEvents ?? []);
  const policy = { every: config.SNAPSHOT_EVERY, significantEvents };
  const noticesOf = (event: StoredEvent): Notice[] =>
    isSnapshotDue(policy, event) ? [{ detailType: SNAPSHOT_DUE, detail: snapshotDue(event) }] : [];
  return {
    eventTypes,
    source: config.SERVICE_NAME,
    noticesOf,
    maxBytes: config.BUS_MAX_BYTES,
    publishUserId: config.PUBLISH_USER_ID,
    parkAfter: config.PARK_AFTER,
  } satisfies Partial<PublisherOptions>;
}
