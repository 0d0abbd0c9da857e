import type { StoredEvent } from "../event-store/index.ts";
import type { Costs, LiveEvents, Sample } from "../operations/contract.ts";
import { PRICES } from "../operations/prices.ts";
import type { Archived } from "./bus-target.ts";
import type { ReportedRequest } from "./request-channel.ts";

export type LiveName = keyof LiveEvents;

/** Takes one message of the live stream. */
export type LiveListener = <Name extends LiveName>(name: Name, data: LiveEvents[Name]) => void;

export interface LiveHubOptions {
  readonly clock: () => Date;
  /** The names of the rules that an event of the bus matches. */
  readonly rulesOf: (archived: Archived) => readonly string[];
}

/** What happens in the run, counted by the second for some minutes and told to whoever listens. Nothing is told when nothing happens. */
export class LiveHub {
  readonly #options: LiveHubOptions;
  readonly #listeners = new Set<LiveListener>();
  readonly #samples: Sample[] = [];
  readonly #operations = new Map<string, Mutable<Costs["operations"][number]>>();
  readonly #invocations: Record<string, number> = {};
  readonly #since: string;
  #published = 0;
  /** Of the second that is not over. */
  #sample: CountedSecond | undefined;
  #publishedNow: PublishedEntry[] = [];
  #costsTimer: NodeJS.Timeout | undefined;

  constructor(options: LiveHubOptions) {
    this.#options = options;
    this.#since = options.clock().toISOString();
  }

  /** Tells the newcomer how things stand, and then what happens. @returns ends it */
  listen(listener: LiveListener): () => void {
    listener("hello", { isLocal: true, now: this.#options.clock().toISOString() });
    listener("samples", { samples: this.#samples });
    listener("costs", this.#costs());
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  appended(events: readonly StoredEvent[]): void {
    if (events.length === 0) return;
    this.#now().appended += events.length;
    this.#tell("appended", { events });
  }

  published(archived: Archived): void {
    const { event, takenAt } = archived;
    this.#published += 1;
    this.#now().published += 1;
    const { entityId, sequenceNumber } = Object(event.detail) as Partial<StoredEvent>;
    if (this.#publishedNow.length === 0) setTimeout(() => this.#tellPublished(), GATHER_MS).unref();
    this.#publishedNow.push({
      eventId: event.id,
      time: takenAt,
      detailType: event["detail-type"],
      entityId: entityId ?? "",
      sequenceNumber,
      rules: this.#options.rulesOf(archived),
    });
  }

  /** A function has taken so many events. */
  taken(functionKey: string, events: number): void {
    const { taken } = this.#now();
    taken[functionKey] = (taken[functionKey] ?? 0) + events;
  }

  invoked(functionKey: string): void {
    this.#invocations[functionKey] = (this.#invocations[functionKey] ?? 0) + 1;
  }

  requested({ by, operation, table, readUnits, writeUnits, isFailed }: ReportedRequest): void {
    const key = `${by} ${operation} ${table}`;
    const known = this.#operations.get(key) ?? {
      by,
      operation,
      table,
      requests: 0,
      readUnits: 0,
      writeUnits: 0,
      failed: 0,
    };
    known.requests += 1;
    known.readUnits += readUnits;
    known.writeUnits += writeUnits;
    known.failed += isFailed ? 1 : 0;
    this.#operations.set(key, known);
    if (operation === "PutItem" && table.endsWith("-Snapshots") && !isFailed) this.#now().snapshots += 1;
    this.#costsTimer ??= setTimeout(() => this.#tellCosts(), COSTS_MS).unref();
  }

  #tellPublished(): void {
    const entries = this.#publishedNow;
    this.#publishedNow = [];
    this.#tell("published", { entries });
  }

  #tellCosts(): void {
    this.#costsTimer = undefined;
    this.#tell("costs", this.#costs());
  }

  /** The sample of this second; it is told when the second is over. */
  #now(): CountedSecond {
    if (this.#sample) return this.#sample;
    const time = this.#options.clock();
    const sample = {
      time: new Date(Math.floor(time.getTime() / SECOND) * SECOND).toISOString(),
      appended: 0,
      published: 0,
      snapshots: 0,
      taken: {},
    };
    setTimeout(() => this.#endSecond(), SECOND - (time.getTime() % SECOND)).unref();
    this.#sample = sample;
    return sample;
  }

  #endSecond(): void {
    const sample = this.#sample;
    if (!sample) return;
    this.#sample = undefined;
    this.#samples.push(sample);
    if (this.#samples.length > KEPT_SAMPLES) this.#samples.shift();
    this.#tell("samples", { samples: [sample] });
  }

  #costs(): Costs {
    return {
      since: this.#since,
      operations: [...this.#operations.values()],
      invocations: { ...this.#invocations },
      published: this.#published,
      prices: {
        asOf: PRICES.asOf,
        readUnit: PRICES.readUnits,
        writeUnit: PRICES.writeUnits,
        busEvent: PRICES.busEvents,
        invocation: PRICES.lambdaRequests,
      },
    };
  }

  #tell: LiveListener = (name, data) => {
    for (const listener of this.#listeners) listener(name, data);
  };
}

type PublishedEntry = LiveEvents["published"]["entries"][number];
type CountedSecond = Mutable<Omit<Sample, "taken">> & { readonly taken: Record<string, number> };
type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const SECOND = 1_000;
/** Seconds with something in them. */
const KEPT_SAMPLES = 900;
const GATHER_MS = 100;
const COSTS_MS = 2_000;
