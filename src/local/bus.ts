import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type BusEvent,
  checkRequest,
  type EntryRefusal,
  isRefusal,
  type PutEventsEntry,
  readEntry,
} from "./bus-entries.ts";
import { type Archived, type TargetContext, TargetWorker } from "./bus-target.ts";
import { compileEventPattern } from "./event-pattern.ts";
import { Journal } from "./journal.ts";
import type { Rule } from "./service-definition.ts";

export interface LocalBusOptions extends Omit<TargetContext, "settled"> {
  readonly buses: readonly string[];
  readonly rules: readonly Rule[];
  readonly region: string;
  /** Keeps archive, positions and rules that were put at run time. Undefined: they end with the process. */
  readonly folder?: string | undefined;
  readonly newId: () => string;
}

/** Faults that tests switch on. */
export interface BusFaults {
  /** Refuses every so many-th entry. */
  readonly refuseEvery?: number;
  /** Answers so many requests with a throttle. */
  readonly throttle?: number;
}

export class ThrottlingException extends Error {
  override readonly name = "ThrottlingException";
}

type PutAnswer = { readonly EventId: string } | EntryRefusal;

/** An EventBridge bus on one machine. What it took is archived before it answers, and outlives a kill. */
export class LocalBus {
  readonly #options: LocalBusOptions;
  readonly #journal: Journal<Archived>;
  readonly #putRules: Journal<Rule>;
  readonly #archive: Archived[];
  readonly #workers = new Map<string, TargetWorker>();
  readonly #rules = new Map<string, Rule>();
  readonly #listeners = new Set<(archived: Archived) => void>();
  /** Of every target that ever was, also while its rule is not there. */
  readonly #positions: Record<string, number>;
  #faults: BusFaults = {};
  #entries = 0;

  constructor(options: LocalBusOptions) {
    this.#options = options;
    const file = (name: string) => options.folder && join(options.folder, name);
    this.#journal = new Journal(file("bus-archive.jsonl"));
    this.#putRules = new Journal(file("bus-rules.jsonl"));
    this.#archive = this.#journal.read();
    this.#positions = this.#readPositions();
    for (const rule of [...options.rules, ...this.#putRules.read()]) this.#addRule(rule);
    this.#savePositions();
  }

  get rules(): readonly Rule[] {
    return [...this.#rules.values()];
  }

  get archive(): readonly Archived[] {
    return this.#archive;
  }

  get isIdle(): boolean {
    return [...this.#workers.values()].every(({ isIdle }) => isIdle);
  }

  hasBus(name: string): boolean {
    return this.#options.buses.includes(name);
  }

  setFaults(faults: BusFaults): void {
    this.#faults = faults;
  }

  /** Calls back for everything taken from now on. */
  listen(listener: (archived: Archived) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #readPositions(): Record<string, number> {
    const path = this.#options.folder && join(this.#options.folder, "bus-positions.json");
    return path && existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Record<string, number>) : {};
  }

  #savePositions = (): void => {
    if (this.#options.folder === undefined) return;
    const path = join(this.#options.folder, "bus-positions.json");
    for (const [key, worker] of this.#workers) this.#positions[key] = worker.position;
    writeFileSync(`${path}.new`, JSON.stringify(this.#positions));
    renameSync(`${path}.new`, path);
  };

  /** A target that is new begins with what comes; one that is known goes on where it was. */
  #addRule(rule: Rule): void {
    this.#rules.set(`${rule.bus}/${rule.name}`, rule);
    for (const target of rule.targets) {
      const context = { ...this.#options, settled: this.#savePositions };
      const probe = new TargetWorker(rule, target, 0, context);
      const position = this.#positions[probe.key] ?? this.#archive.length;
      const worker = new TargetWorker(rule, target, position, context);
      this.#workers.set(worker.key, worker);
      for (let place = position; place < this.#archive.length; place += 1) {
        worker.offer(place, this.#archive[place] as Archived);
      }
    }
  }

  /** A rule put at run time; kept beside those of serverless.yml. */
  putRule(rule: Rule): void {
    compileEventPattern(rule.pattern);
    const known = this.#putRules.read().filter(({ name, bus }) => name !== rule.name || bus !== rule.bus);
    this.#putRules.rewrite([...known, rule]);
    this.#addRule(rule);
    this.#savePositions();
  }

  #take(bus: string, event: BusEvent, traceHeader?: string): void {
    const archived = {
      bus,
      takenAt: this.#options.clock().toISOString(),
      event,
      ...(traceHeader ? { traceHeader } : {}),
    };
    this.#journal.append([archived]);
    const place = this.#archive.push(archived) - 1;
    for (const worker of this.#workers.values()) worker.offer(place, archived);
    for (const listener of this.#listeners) listener(archived);
  }

  #putEntry(entry: PutEventsEntry): PutAnswer {
    const { clock, newId, region } = this.#options;
    this.#entries += 1;
    const { refuseEvery } = this.#faults;
    if (refuseEvery !== undefined && this.#entries % refuseEvery === 0) {
      return { ErrorCode: "InvalidArgument", ErrorMessage: "refused by a fault that was switched on" };
    }
    const bus = (entry.EventBusName ?? "default").split("/").at(-1) ?? "default";
    if (!this.hasBus(bus))
      return { ErrorCode: "ResourceNotFoundException", ErrorMessage: `Event bus ${bus} does not exist.` };
    const read = readEntry(entry, { id: newId(), now: clock(), region });
    if (isRefusal(read)) return read;
    this.#take(bus, read, entry.TraceHeader);
    return { EventId: read.id };
  }

  /** PutEvents. @throws {ValidationException} {@link ThrottlingException} */
  putEvents(entries: readonly PutEventsEntry[]): { readonly FailedEntryCount: number; readonly Entries: PutAnswer[] } {
    const { throttle = 0 } = this.#faults;
    if (throttle > 0) {
      this.#faults = { ...this.#faults, throttle: throttle - 1 };
      throw new ThrottlingException("Rate exceeded");
    }
    checkRequest(entries);
    const answers = entries.map((entry) => this.#putEntry(entry));
    return { FailedEntryCount: answers.filter((answer) => "ErrorCode" in answer).length, Entries: answers };
  }

  /** Sends archived events of a bus through its rules again, from a time (ISO 8601) on. Answers how many. */
  replay(bus: string, fromTime: string): number {
    const again = this.#archive.filter((archived) => archived.bus === bus && archived.takenAt >= fromTime);
    for (const { event } of again) this.#take(bus, event);
    return again.length;
  }
}
