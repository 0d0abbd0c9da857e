import type { StoredEvent } from "../event-store/index.ts";
import { isTransient } from "../event-store/index.ts";
import type { Position } from "./position.ts";

/** An event that a projection's code, or an upcaster, threw on. */
export interface Poison {
  readonly sequenceNumber: number;
  readonly error: Error;
  readonly event?: StoredEvent | undefined;
}

/** Marks what a row read threw: whatever it was, the event is not to blame. */
export class RowReadError extends Error {
  constructor(cause: unknown) {
    super("a row could not be read", { cause });
    this.name = "RowReadError";
  }
}

/** Throttles, lost connections, missing rights: what says nothing about the event that met it. */
function isFaultOfTheSystem(error: unknown): boolean {
  return error instanceof RowReadError || isTransient(error);
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
      if (isFaultOfTheSystem(error)) throw error;
      const poison = { sequenceNumber: event.sequenceNumber, error: asError(error), event };
      return { taken, poison, isStopped: false };
    }
    taken = event;
  }
  return { taken, poison: undefined, isStopped: false };
}

/** The position after `taken`, and after one more failure of `poison`. */
export function positionAfter(before: Position, taken: StoredEvent | undefined, poison: Poison | undefined): Position {
  const checkpoint = taken?.sequenceNumber ?? before.checkpoint;
  const checkpointTime = taken?.eventTime ?? before.checkpointTime;
  const { row: _, ...after } = { ...before, checkpoint, checkpointTime, failing: undefined, parked: false };
  if (!poison) return after;
  const known = before.failing?.sequenceNumber === poison.sequenceNumber ? before.failing.attempts : 0;
  const failing = {
    sequenceNumber: poison.sequenceNumber,
    attempts: known + 1,
    error: (poison.error.stack ?? poison.error.message).slice(0, MAX_ERROR_LENGTH),
  };
  return { ...after, failing };
}

/** Characters that are kept of an error with its stack. */
const MAX_ERROR_LENGTH = 8_000;
