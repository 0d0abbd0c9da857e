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
  /** Waits before the given round of repeats, counted from 1. */
  readonly backOff: (round: number) => Promise<void>;
  /** True when the rest is to be left to the next delivery. */
  readonly isTimeUp: () => boolean;
}

export interface SendFailure {
  readonly fromSequence: number;
  readonly error: Error;
  /** True when the bus refused the entry itself, so that sending it again may never help. */
  readonly isRefused: boolean;
}

export interface SendOutcome {
  /** Per entity, the last sequence number whose entries are all on the bus. */
  readonly sent: ReadonlyMap<string, number>;
  readonly failures: ReadonlyMap<string, SendFailure>;
  /** Requests made. */
  readonly requests: number;
}

export class RefusedError extends Error {
  constructor({ code, message }: Refusal) {
    super(`the bus refused the entry: ${code}: ${message}`);
    this.name = "RefusedError";
  }
}

/** Throttles say nothing about the entry. */
const PASSING = new Set(["ThrottlingException", "TimeUp"]);
/** A request that is refused as a whole for what one of its entries is: each is asked for alone then. */
const FOR_ITS_ENTRIES = new Set(["ValidationException"]);

interface Answers {
  readonly refusals: readonly (Refusal | undefined)[];
  /** The request as a whole failed. */
  readonly isWhole: boolean;
}

async function ask(bus: Bus, batch: readonly Outgoing[]): Promise<Answers> {
  try {
    return { refusals: await bus.put(batch.map(({ entry }) => entry)), isWhole: false };
  } catch (error) {
    const { name: code, message } = error instanceof Error ? error : new Error(String(error));
    return { refusals: batch.map(() => ({ code, message })), isWhole: true };
  }
}

/** One run over a batch of entries. */
class Sending {
  readonly #options: SendOptions;
  #waiting: readonly Outgoing[];
  readonly #tries = new Map<Outgoing, number>();
  readonly #dueIn = new Map<Outgoing, number>();
  readonly #alone = new Set<Outgoing>();
  readonly #done = new Set<Outgoing>();
  readonly #sent = new Map<string, number>();
  readonly #failures = new Map<string, SendFailure>();
  #round = 0;
  #requests = 0;

  constructor(outgoing: readonly Outgoing[], options: SendOptions) {
    this.#waiting = outgoing;
    this.#options = options;
  }

  /** The first waiting entry of each entity: none behind it may go out before it is taken. */
  #heads(): Outgoing[] {
    const seen = new Set<string>();
    return this.#waiting.filter(({ entityId }) => {
      if (seen.has(entityId)) return false;
      seen.add(entityId);
      return true;
    });
  }

  #fail(one: Outgoing, refusal: Refusal, isRefused: boolean): void {
    const { entityId, sequenceNumber } = one;
    this.#failures.set(entityId, { fromSequence: sequenceNumber, error: new RefusedError(refusal), isRefused });
  }

  /** @param isAbout whether the answer may be about this entry, or is about it for sure, or about the request */
  #note(one: Outgoing, refusal: Refusal | undefined, isAbout: "entry" | "one-of-them" | "request"): void {
    if (!refusal) {
      this.#done.add(one);
      return;
    }
    const tries = (this.#tries.get(one) ?? 0) + 1;
    this.#tries.set(one, tries);
    this.#dueIn.set(one, this.#round + 1);
    if (isAbout !== "request") this.#alone.add(one);
    const isRefused = isAbout === "entry" && !PASSING.has(refusal.code);
    if (tries >= this.#options.attempts) this.#fail(one, refusal, isRefused);
  }

  /** An event counts as sent when its last entry is: a notice may follow it. */
  #settle(): void {
    this.#waiting = this.#waiting.filter((one) => !this.#done.has(one) && !this.#failures.has(one.entityId));
    for (const { entityId, sequenceNumber } of this.#done) {
      const isOpen = this.#waiting.some((one) => one.entityId === entityId && one.sequenceNumber === sequenceNumber);
      const failedAt = this.#failures.get(entityId)?.fromSequence ?? Number.POSITIVE_INFINITY;
      if (!isOpen && sequenceNumber < failedAt)
        this.#sent.set(entityId, Math.max(sequenceNumber, this.#sent.get(entityId) ?? 0));
    }
    this.#done.clear();
  }

  async #step(): Promise<void> {
    const due = this.#heads().filter((one) => (this.#dueIn.get(one) ?? 0) <= this.#round);
    if (due.length === 0) {
      this.#round += 1;
      return this.#options.backOff(this.#round);
    }
    const together = due.filter((one) => !this.#alone.has(one));
    const batch = together.length > 0 ? firstRequest(together, this.#options.maxBytes) : due.slice(0, 1);
    const { refusals, isWhole } = await ask(this.#options.bus, batch);
    this.#requests += 1;
    for (const [index, one] of batch.entries()) {
      const refusal = refusals[index];
      const isForEntry = !isWhole || FOR_ITS_ENTRIES.has(refusal?.code ?? "");
      this.#note(one, refusal, !isForEntry ? "request" : isWhole && batch.length > 1 ? "one-of-them" : "entry");
    }
    this.#settle();
  }

  async run(): Promise<SendOutcome> {
    while (this.#waiting.length > 0) {
      if (this.#options.isTimeUp()) {
        for (const one of this.#heads()) this.#fail(one, { code: "TimeUp", message: "the time is over" }, false);
        break;
      }
      await this.#step();
    }
    return { sent: this.#sent, failures: this.#failures, requests: this.#requests };
  }
}

/**
 * Puts entries on the bus so that an entity's event never overtakes an earlier one: entries of one
 * entity go out one after another, those of different entities together. What is refused is sent
 * again, alone, while the others go on; an entity that stays refused is given up from there on.
 */
export function sendInOrder(outgoing: readonly Outgoing[], options: SendOptions): Promise<SendOutcome> {
  return new Sending(outgoing, options).run();
}
