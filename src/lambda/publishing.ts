import type { Config } from "../config.ts";
import type { StoredEvent } from "../event-store/index.ts";
import { aggregates, eventTypeRegistry } from "../product/index.ts";
import type { EnvelopeOptions, Notice, PublisherOptions } from "../publisher/index.ts";
import { isSnapshotDue, SNAPSHOT_DUE, snapshotDue } from "../snapshotter/index.ts";

/** How a stage shows its events, on the bus and where gaps and claim checks are fetched. */
export const envelopeOptionsOf = ({ PUBLISH_USER_ID }: Pick<Config<"api" | "publisher">, "PUBLISH_USER_ID">) =>
  ({ publishUserId: PUBLISH_USER_ID }) satisfies EnvelopeOptions;

/** What a stage publishes, and how: the same for the function and for who publishes by hand. */
export function publishingOf(config: Config<"publisher">) {
  const significantEvents = aggregates.flatMap((aggregate) => aggregate.significantEvents ?? []);
  const policy = { every: config.SNAPSHOT_EVERY, significantEvents };
  const noticesOf = (event: StoredEvent): Notice[] =>
    isSnapshotDue(policy, event) ? [{ detailType: SNAPSHOT_DUE, detail: snapshotDue(event) }] : [];
  return {
    eventTypes: eventTypeRegistry,
    source: config.SERVICE_NAME,
    noticesOf,
    maxBytes: config.BUS_MAX_BYTES,
    ...envelopeOptionsOf(config),
    parkAfter: config.PARK_AFTER,
  } satisfies Partial<PublisherOptions>;
}
