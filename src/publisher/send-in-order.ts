import { type Bus, type BusEntry, firstRequest, type Refusal } from "./bus.ts";

/** An entry with its place: entries of one entity go out in the order of their sequence numbers. */
export interface Outgoing {
  readonly entityId: string;
  readonly sequenceNumber: number;
  readonly entry: BusEntry;
}

export interface SendOptions {
  readonly bus: Bus;
  readonly maxBytes: number;
  /** How often an entry is sent before its entity is given up for this batch. */
  readonly attempts: number;
  /** Waits before the given attempt, counted from 2. */
  readonly backOff: (attempt: number) => Promise<void>;
}

export interface SendOutcome {
  /** Per entity, the last sequence number that is on the bus. */
  readonly sent: ReadonlyMap<string, number>;
  readonly failures: ReadonlyMap<string, { readonly fromSequence: number; readonly error: Error }>;
  /** Requests made. */
  readonly requests: number;
}

class RefusedError extends Error {
  constructor({ code, message }: Refusal) {
    super(`the bus refused the entry: ${code}: ${message}`);
    this.name = "RefusedError";
  }
}

/** Answers for one request; when the request itself failed, every entry is refused for that reason. */
async function ask(bus: Bus, batch: readonly Outgoing[]): Promise<readonly (Refusal | undefined)[]> {
  try {
    return await bus.put(batch.map(({ entry }) => entry));
  } catch (error) {
    const refusal =
      error instanceof Error ? { code: error.name, message: error.message } : { code: "Error", message: String(error) };
    return batch.map(() => refusal);
  }
}

/** The first waiting entries of which none is behind another of its entity's in the same request. */
function heads(waiting: readonly Outgoing[]): Outgoing[] {
  const seen = new Set<string>();
  return waiting.filter(({ entityId }) => {
    if (seen.has(entityId)) return false;
    seen.add(entityId);
    return true;
  });
}

/**
 * Puts entries on the bus so that an entity's event never overtakes an earlier one: entries of one
 * entity go out one after another, those of different entities together. What is refused is sent
 * again, alone, while the others go on; an entity that stays refused is given up from there on.
 */
export async function sendInOrder(outgoing: readonly Outgoing[], options: SendOptions): Promise<SendOutcome> {
  const sent = new Map<string, number>();
  const failures = new Map<string, { fromSequence: number; error: Error }>();
  const tries = new Map<Outgoing, number>();
  const done = new Set<Outgoing>();
  let waiting = [...outgoing];
  let requests = 0;
  while (waiting.length > 0) {
    const ready = heads(waiting);
    const fresh = ready.filter((one) => !tries.has(one));
    if (fresh.length === 0) await options.backOff(Math.min(...ready.map((one) => tries.get(one) ?? 0)) + 1);
    const batch = fresh.length > 0 ? firstRequest(fresh, options.maxBytes) : ready.slice(0, 1);
    const answers = await ask(options.bus, batch);
    requests += 1;
    for (const [index, one] of batch.entries()) {
      const refusal = answers[index];
      const attempt = (tries.get(one) ?? 0) + 1;
      tries.set(one, attempt);
      if (!refusal) {
        sent.set(one.entityId, one.sequenceNumber);
        done.add(one);
      }
      if (refusal && attempt >= options.attempts) {
        failures.set(one.entityId, { fromSequence: one.sequenceNumber, error: new RefusedError(refusal) });
      }
    }
    waiting = waiting.filter((one) => !done.has(one) && !failures.has(one.entityId));
  }
  return { sent, failures, requests };
}
