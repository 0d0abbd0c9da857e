import type { StoredEvent } from "../event-store/index.ts";

/** The detail of a snapshot request. It may come twice, late or out of order. */
export interface SnapshotDue {
  readonly entityId: string;
  readonly aggregateType: string;
  /** The version at which it became due; the snapshot is made at the newest. */
  readonly version: number;
  readonly correlationId: string;
}

export const SNAPSHOT_DUE = "SnapshotDue";

export function snapshotDue({ entityId, aggregateType, sequenceNumber, correlationId }: StoredEvent): SnapshotDue {
  return { entityId, aggregateType, version: sequenceNumber, correlationId };
}

export function isSnapshotRequest(value: unknown): value is SnapshotDue {
  if (typeof value !== "object" || value === null) return false;
  const { entityId, aggregateType } = value as Partial<SnapshotDue>;
  return typeof entityId === "string" && typeof aggregateType === "string";
}
