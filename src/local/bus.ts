import { join } from "node:path";
import {
  type BusEvent,
  checkRequest,
  type EntryRefusal,
  isRefusal,
  type PutEventsEntry,
  readEntry,
} from "./bus-entries.ts";
import { type Archived, keyOfTarget, type TargetContext, TargetWorker } from "./bus-target.ts";
import { compileEventPattern } from "./event-pattern.ts";
import { Journal } from "./journal.ts";
import type { Rule, RuleTarget } from "./service-definition.ts";
import { readState, writeWhole } from "./state-file.ts";

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
    for (const rule of [...options.rules, ...this.#putRules.read()])
      this.#addRule({ ...rule, isEnabled: rule.isEnabled ?? true });
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

  get buses(): readonly string[] {
    return this.#options.buses;
  }

  get region(): string {
    return this.#options.region;
  }

  hasBus(name: string): boolean {
    return this.#options.buses.includes(name);
  }

  /** Names of the rules that an event of a bus matches. */
  rulesOf(archived: Archived): string[] {
    return [...new Set([...this.#workers.values()].flatMap((worker) => worker.ruleOf(archived) ?? []))];
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
    const { folder } = this.#options;
    if (folder === undefined) return {};
    const remedy = "delete it, and what was under way when the service ended is not sent again";
    return readState<Record<string, number>>(join(folder, "bus-positions.json"), remedy) ?? {};
  }

  #savePositions = (): void => {
    if (this.#options.folder === undefined) return;
    for (const [key, worker] of this.#workers) this.#positions[key] = worker.position;
    writeWhole(join(this.#options.folder, "bus-positions.json"), JSON.stringify(this.#positions));
  };

  /** Whether a rule is one of serverless.yml, which is changed there. */
  isDeclared({ bus, name }: Pick<Rule, "bus" | "name">): boolean {
    return this.#options.rules.some((rule) => rule.bus === bus && rule.name === name);
  }

  /** A target that is new begins with what comes; one that is known goes on where it was. */
  #addRule(rule: Rule): void {
    this.#removeTargets(rule);
    this.#rules.set(`${rule.bus}/${rule.name}`, rule);
    for (const target of rule.targets) this.#addTarget(rule, target);
  }

  #addTarget(rule: Rule, target: RuleTarget): void {
    const key = keyOfTarget(rule, target);
    const known = this.#workers.get(key);
    if (known) {
      known.change(rule, target);
      return;
    }
    const position = this.#positions[key] ?? this.#archive.length;
    const worker = new TargetWorker(rule, target, {
      position,
      context: { ...this.#options, settled: this.#savePositions },
    });
    this.#workers.set(key, worker);
    for (let place = position; place < this.#archive.length; place += 1) {
      worker.offer(place, this.#archive[place] as Archived);
    }
  }

  /** Of the rule as it was, those that it has no longer. */
  #removeTargets(rule: Rule): void {
    const before = this.#rules.get(`${rule.bus}/${rule.name}`);
    const kept = new Set(rule.targets.map((target) => keyOfTarget(rule, target)));
    for (const key of before?.targets.map((target) => keyOfTarget(rule, target)) ?? []) {
      if (kept.has(key)) continue;
      this.#workers.get(key)?.remove();
      this.#workers.delete(key);
      delete this.#positions[key];
    }
  }

  /** A rule put at run time, in place of the one of its name; kept beside those of serverless.yml. */
  putRule(rule: Rule): void {
    compileEventPattern(rule.pattern);
    this.#putRules.rewrite([...this.#othersThan(rule), rule]);
    this.#addRule(rule);
    this.#savePositions();
  }

  /** Removes a rule that was put at run time, with its targets. */
  deleteRule(rule: Rule): void {
    this.#putRules.rewrite(this.#othersThan(rule));
    this.#removeTargets({ ...rule, targets: [] });
    this.#rules.delete(`${rule.bus}/${rule.name}`);
    this.#savePositions();
  }

  #othersThan({ name, bus }: Rule): Rule[] {
    return this.#putRules.read().filter((one) => one.name !== name || one.bus !== bus);
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
    const from = Date.parse(fromTime);
    const again = this.#archive.filter((archived) => archived.bus === bus && Date.parse(archived.takenAt) >= from);
    for (const { event } of again) this.#take(bus, event);
    return again.length;
  }
}

export class ThrottlingException extends Error {
  override readonly name = "ThrottlingException";
}
