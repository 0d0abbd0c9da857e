import * as z from "zod";
import { parseEnvelope, type ReceivedEvent } from "./envelope.ts";

/**
 * What a service has published of an entity between two sequence numbers. Some of them may be no published events:
 * `readUpTo` says up to which number there are no more than these.
 */
export interface FetchedEvents {
  readonly events: readonly ReceivedEvent[];
  readonly readUpTo: number;
}

/** Published events of an entity from one sequence number to another; a list alone must have every one of them. */
export type FetchEvents = (
  entityId: string,
  from: number,
  to: number,
) => Promise<FetchedEvents | readonly ReceivedEvent[]>;

const answer = z.object({ events: z.array(z.unknown()), readUpTo: z.int(), nextFrom: z.int().optional() });

/** Fetches published events from the service's API, however many they are; `get` makes the signed or authorized request. */
export function fetchFromApi(get: (path: string) => Promise<unknown>): FetchEvents {
  return async (entityId, from, to) => {
    const events: ReceivedEvent[] = [];
    let readUpTo = from - 1;
    for (let next: number | undefined = from; next !== undefined && next <= to; ) {
      const path = `/entities/${encodeURIComponent(entityId)}/published?from=${next}&to=${to}&limit=1000`;
      const page: z.infer<typeof answer> = answer.parse(await get(path));
      events.push(...page.events.map(parseEnvelope));
      next = page.readUpTo > readUpTo ? page.nextFrom : undefined;
      readUpTo = page.readUpTo;
    }
    return { events, readUpTo };
  };
}
