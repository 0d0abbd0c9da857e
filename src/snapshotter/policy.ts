import type { SnapshotPolicy } from "../definition/index.ts";
import type { StoredEvent } from "../event-store/index.ts";

export const DEFAULT_INTERVAL = 100;

/** When a snapshot is due by the event alone, without looking anything up. */
export function isSnapshotDue(policy: SnapshotPolicy, { sequenceNumber, eventType }: StoredEvent): boolean {
  const { every = DEFAULT_INTERVAL, at = [] } = policy;
  return sequenceNumber % every === 0 || at.includes(eventType);
}
