import type { StoredEvent } from "../event-store/index.ts";
import { EventHandlingError, type Poison } from "../stream/index.ts";

export interface Taken {
  /** Events that were taken, from the first on. */
  readonly taken: readonly StoredEvent[];
  readonly poison: Poison | undefined;
}

/** Takes events one by one until the code that is called for one fails: what came before it counts. */
export function takeEvents(events: readonly StoredEvent[], take: (event: StoredEvent) => void): Taken {
  for (const [index, event] of events.entries()) {
    try {
      take(event);
    } catch (error) {
      if (!(error instanceof EventHandlingError)) throw error;
      return { taken: events.slice(0, index), poison: poisonOf(event, error) };
    }
  }
  return { taken: events, poison: undefined };
}

export const poisonOf = (event: StoredEvent, error: Error): Poison => ({
  sequenceNumber: event.sequenceNumber,
  error,
  event,
});
