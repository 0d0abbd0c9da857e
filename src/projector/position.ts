import type { StoredEvent } from "../event-store/index.ts";

/** How far a projection has read one entity. */
export interface Position<Row = unknown> {
  readonly entityId: string;
  /** The last sequence number taken; 0 before the first. */
  readonly checkpoint: number;
  readonly checkpointTime?: string | undefined;
  /** Counts the writes of the item that holds the position; 0: there is none yet. */
  readonly revision: number;
  /** Its events wait until somebody retries or skips. */
  readonly parked: boolean;
  /** Of a row-per-entity projection. */
  readonly row?: Row | undefined;
}

export const startOf = (entityId: string): Position<never> => ({ entityId, checkpoint: 0, revision: 0, parked: false });

/** The position after an event, without its row. */
export function positionAfter({ row: _, ...before }: Position, taken: StoredEvent): Position {
  return { ...before, checkpoint: taken.sequenceNumber, checkpointTime: taken.eventTime, parked: false };
}
