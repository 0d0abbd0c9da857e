import { isRefusedContent, isSystemState } from "../event-store/dynamodb/index.ts";
import { asError } from "../event-store/index.ts";
import { TimeUpError } from "../stream/index.ts";
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

/**
 * Puts entries on the bus so that an entity's event never overtakes an earlier one: entries of one
 * entity go out one after another, one a request, for EventBridge takes the entries behind a refused one
 * (docs/adr/0017-one-entry-an-entity-and-request.md); those of different entities go together, and some requests at a time. What is refused is
 * sent again, alone, while the others go on; an entity that stays refused is given up from there on.
 */
export function sendInOrder(outgoing: readonly Outgoing[], options: SendOptions): Promise<SendOutcome> {
  return new Sending(outgoing, options).run();
}

/** Codes that say nothing about the entry, but of the load, the rights or the answer ("PutEventsResultEntry" in the API reference). */
const TRANSIENT = new Set([
  "AccessDeniedException",
  "NoAnswer",
  "NotAuthorizedForDetailTypeException",
  "NotAuthorizedForSourceException",
  "ThrottlingException",
]);

/** Codes that are about the entry itself; any other is about it only if the bus takes others ("PutEventsResultEntry" in the API reference). */
const ABOUT_THE_ENTRY = new Set(["InvalidArgument", "MalformedDetail"]);

/**
 * What an answer is about: this entry, one of the request's entries, the state of the system, or, of a request with
 * one entry, one or the other: the entry, if others are taken.
 */
type About = "entry" | "one-of-them" | "system" | "unknown";

interface Answers {
  readonly refusals: readonly (Refusal | undefined)[];
  readonly about: (code: string) => About;
}

/** The entries of one entity that are not on the bus yet, the first of which is next. */
interface Line {
  readonly entityId: string;
  readonly entries: readonly Outgoing[];
  next: number;
  /** Times that the next entry was refused. */
  tries: number;
  /** The round in which it is sent again. */
  dueIn: number;
  /** Sent alone, for it may have been to blame for what a request met. */
  isAlone: boolean;
}

/** One run over a batch of entries. */
class Sending {
  readonly #options: SendOptions;
  /** Entities whose next entry may go out, in the order in which they came up, from `#first` on. */
  #ready: Line[];
  #first = 0;
  #refused: Line[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #sent = new Map<string, number>();
  readonly #failures = new Map<string, Omit<SendFailure, "isRefused"> & { readonly about: About }>();
  #round = 0;
  #requests = 0;

  constructor(outgoing: readonly Outgoing[], options: SendOptions) {
    const lines = new Map<string, Outgoing[]>();
    for (const one of outgoing) {
      const line = lines.get(one.entityId);
      if (line) line.push(one);
      else lines.set(one.entityId, [one]);
    }
    this.#ready = [...lines].map(([entityId, entries]) => ({
      entityId,
      entries,
      next: 0,
      tries: 0,
      dueIn: 0,
      isAlone: false,
    }));
    this.#options = options;
  }

  async run(): Promise<SendOutcome> {
    while (this.#isAnyReady() || this.#refused.length > 0 || this.#underWay.size > 0) {
      if (this.#options.isTimeUp()) {
        await Promise.all(this.#underWay);
        for (const line of [...this.#ready.slice(this.#first), ...this.#refused])
          this.#fail(line, new TimeUpError(), "system");
        break;
      }
      if (this.#isAnyReady() && this.#underWay.size < REQUESTS_AT_ONCE) this.#begin(this.#takeRequest());
      else if (this.#underWay.size > 0) await Promise.race(this.#underWay);
      else await this.#nextRound();
    }
    return { sent: this.#sent, failures: this.#toldFailures(), requests: this.#requests };
  }

  #begin(lines: readonly Line[]): void {
    const sending = this.#send(lines).finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }

  #isAnyReady(): boolean {
    return this.#first < this.#ready.length;
  }

  /** What met one entry for a reason that is not known is about that entry if the bus has taken others. */
  #toldFailures(): ReadonlyMap<string, SendFailure> {
    const told = [...this.#failures].map(([entityId, { about, ...failure }]) => {
      const isRefused = about === "entry" || (about === "unknown" && this.#sent.size > 0);
      return [entityId, { ...failure, isRefused }] as const;
    });
    return new Map(told);
  }

  async #nextRound(): Promise<void> {
    this.#round += 1;
    await this.#options.backOff(this.#round);
    this.#ready = this.#refused.filter(({ dueIn }) => dueIn <= this.#round);
    this.#first = 0;
    this.#refused = this.#refused.filter(({ dueIn }) => dueIn > this.#round);
  }

  /** The next entries of as many entities as fit into one request, or one that goes alone. */
  #takeRequest(): Line[] {
    const ahead = this.#ready.slice(this.#first, this.#first + LOOK_AHEAD);
    if (ahead[0]?.isAlone) return this.#takeOf(ahead, new Set(ahead.slice(0, 1)));
    const together = ahead.filter(({ isAlone }) => !isAlone);
    const heads = together.flatMap((line) => {
      const head = line.entries[line.next];
      return head ? [{ line, entry: head.entry }] : [];
    });
    return this.#takeOf(ahead, new Set(firstRequest(heads, this.#options.maxBytes).map(({ line }) => line)));
  }

  /** The others move up to where the taken ones were, so that the cost does not grow with what is behind them. */
  #takeOf(ahead: readonly Line[], taken: ReadonlySet<Line>): Line[] {
    this.#first += taken.size;
    for (const [index, line] of ahead.filter((one) => !taken.has(one)).entries())
      this.#ready[this.#first + index] = line;
    if (this.#first * 2 > this.#ready.length) {
      this.#ready = this.#ready.slice(this.#first);
      this.#first = 0;
    }
    return [...taken];
  }

  async #send(lines: readonly Line[]): Promise<void> {
    const batch = lines.flatMap((line) => line.entries[line.next] ?? []);
    const { refusals, about } = await ask(this.#options.bus, batch);
    this.#requests += 1;
    for (const [index, line] of lines.entries()) {
      const refusal = refusals[index];
      if (refusal) this.#refuse(line, refusal, about(refusal.code));
      else this.#advance(line);
    }
  }

  #advance(line: Line): void {
    const sent = line.entries[line.next];
    line.next += 1;
    line.tries = 0;
    line.isAlone = false;
    const next = line.entries[line.next];
    // A snapshot request may follow an event under its number: it counts as sent with the last of them.
    if (sent && sent.sequenceNumber !== next?.sequenceNumber) this.#sent.set(line.entityId, sent.sequenceNumber);
    if (next) this.#ready.push(line);
  }

  #refuse(line: Line, refusal: Refusal, about: About): void {
    line.tries += 1;
    line.dueIn = this.#round + 1;
    line.isAlone ||= about !== "system";
    if (line.tries < this.#options.attempts) this.#refused.push(line);
    else this.#fail(line, new RefusedError(refusal), about);
  }

  #fail({ entityId, entries, next }: Line, error: Error, about: About): void {
    const fromSequence = entries[next]?.sequenceNumber ?? 0;
    this.#failures.set(entityId, { fromSequence, error, about });
  }
}

async function ask(bus: Bus, batch: readonly Outgoing[]): Promise<Answers> {
  try {
    const refusals = await bus.put(batch.map(({ entry }) => entry));
    return { refusals, about: aboutOf };
  } catch (error) {
    const { name: code, message } = asError(error);
    const refusals = batch.map(() => ({ code, message }));
    if (isSystemState(error)) return { refusals, about: () => "system" };
    if (batch.length > 1) return { refusals, about: () => "one-of-them" };
    return { refusals, about: () => (isRefusedContent(error) ? "entry" : "unknown") };
  }
}

/** Requests under way at a time; an entity has an entry in one of them at most. */
const REQUESTS_AT_ONCE = 8;

/** Entities of which the next request is made: some may be left for their size. */
const LOOK_AHEAD = 20;

function aboutOf(code: string): About {
  if (TRANSIENT.has(code)) return "system";
  return ABOUT_THE_ENTRY.has(code) ? "entry" : "unknown";
}

export class RefusedError extends Error {
  readonly code = "REFUSED_BY_BUS";
  constructor({ code, message }: Refusal) {
    super(`the bus refused the entry: ${code}: ${message}`);
    this.name = "RefusedError";
  }
}
