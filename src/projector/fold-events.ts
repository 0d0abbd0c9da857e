import type { StoredEvent } from "../event-store/index.ts";
import { isTransient } from "../event-store/index.ts";
import type { Position } from "./position.ts";

/** An event that a projection's code, or an upcaster, threw on. */
export interface Poison {
  readonly sequenceNumber: number;
  readonly error: Error;
  readonly event?: StoredEvent | undefined;
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

export interface Taken {
  /** The last event that was taken. */
  readonly taken: StoredEvent | undefined;
  readonly poison: Poison | undefined;
  /** True when `isFull` ended it before the last event. */
  readonly isStopped: boolean;
}

/**
 * Takes events one by one until one throws: what came before it counts. Errors of the
 * infrastructure are no fault of the event and are thrown on.
 */
export async function takeEvents(
  events: readonly StoredEvent[],
  take: (event: StoredEvent) => void | Promise<void>,
  isFull: () => boolean = () => false,
): Promise<Taken> {
  let taken: StoredEvent | undefined;
  for (const event of events) {
    if (taken && isFull()) return { taken, poison: undefined, isStopped: true };
    try {
      await take(event);
    } catch (error) {
      if (isTransient(error)) throw error;
      const poison = { sequenceNumber: event.sequenceNumber, error: asError(error), event };
      return { taken, poison, isStopped: false };
    }
    taken = event;
  }
  return { taken, poison: undefined, isStopped: false };
}

/** The position after `taken`, and after one more failure of `poison`; parked when it failed often enough. */
export function positionAfter(
  before: Position,
  taken: StoredEvent | undefined,
  poison: Poison | undefined,
  parkAfter: number,
): Position {
  const checkpoint = taken?.sequenceNumber ?? before.checkpoint;
  const checkpointTime = taken?.eventTime ?? before.checkpointTime;
  if (!poison) return { ...before, checkpoint, checkpointTime, failing: undefined, parked: false };
  const known = before.failing?.sequenceNumber === poison.sequenceNumber ? before.failing.attempts : 0;
  const failing = {
    sequenceNumber: poison.sequenceNumber,
    attempts: known + 1,
    error: poison.error.stack ?? poison.error.message,
  };
  return { ...before, checkpoint, checkpointTime, failing, parked: failing.attempts >= parkAfter };
}
