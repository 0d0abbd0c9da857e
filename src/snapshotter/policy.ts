import type { StoredEvent } from "../event-store/index.ts";

/** When a snapshot is due by the event alone, without looking anything up. */
export interface SnapshotPolicy {
  /** Every so many events of an entity. Default 100. */
  readonly every?: number;
  /** Event types that call for a snapshot at once. */
  readonly significantEvents: readonly string[];
}

export const DEFAULT_INTERVAL = 100;

export function isSnapshotDue(policy: SnapshotPolicy, { sequenceNumber, eventType }: StoredEvent): boolean {
  const { every = DEFAULT_INTERVAL, significantEvents } = policy;
  return sequenceNumber % every === 0 || significantEvents.includes(eventType);
}
