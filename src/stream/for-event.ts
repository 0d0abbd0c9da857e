import { asError, callNow, messageOf, type StoredEvent } from "../event-store/index.ts";

/**
 * Calls synchronous code for an event.
 *
 * @throws {EventHandlingError} for whatever it throws, and when it returns a promise
 */
export function forEvent<T>(event: StoredEvent, what: string, call: () => T): T {
  return callNow(call, (thrown) => new EventHandlingError(event, what, thrown));
}

/** As `forEvent`, for code that may wait. */
export async function forEventAsync<T>(event: StoredEvent, what: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw new EventHandlingError(event, what, thrown);
  }
}

/**
 * Code that is called for an event (`evolve`, a list, the shape that is published) threw, or returned what it must
 * not. The event is to blame, whatever was thrown: what the SDK and the network throw is never wrapped in this.
 */
export class EventHandlingError extends Error {
  readonly code = "EVENT_HANDLING";
  readonly entityId: string;
  readonly sequenceNumber: number;
  readonly eventType: string;

  constructor(
    readonly event: StoredEvent,
    /** Which code it was: `evolve of product-catalog`. */
    readonly what: string,
    thrown: unknown,
  ) {
    const { entityId, sequenceNumber, eventType } = event;
    super(`${entityId} #${sequenceNumber} ${eventType}: ${what} failed: ${messageOf(thrown)}`, {
      cause: asError(thrown),
    });
    this.name = "EventHandlingError";
    this.entityId = entityId;
    this.sequenceNumber = sequenceNumber;
    this.eventType = eventType;
  }
}
