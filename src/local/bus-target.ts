import { messageOf } from "../event-store/index.ts";
import type { BusEvent } from "./bus-entries.ts";
import { compileEventPattern } from "./event-pattern.ts";
import type { Rule, RuleTarget } from "./service-definition.ts";
import { inputOf } from "./target-input.ts";

/** An event as the bus keeps it. */
export interface Archived {
  readonly bus: string;
  /** ISO 8601: when the bus took it. */
  readonly takenAt: string;
  readonly event: BusEvent;
  readonly traceHeader?: string;
}

export interface TargetContext {
  /** `input`: the event, or what the target is sent in its place. */
  readonly send: (target: RuleTarget, input: unknown) => Promise<void>;
  readonly deadLetter: (queue: string, event: BusEvent, attributes: Readonly<Record<string, string>>) => void;
  readonly clock: () => Date;
  readonly backOff: (retry: number) => Promise<void>;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  /** Told when everything before this place in the archive is done with. */
  readonly settled: (position: number) => void;
}

/** What a target is known by, also after a restart. */
export const keyOfTarget = ({ bus, name }: Rule, { kind, id, targetId }: RuleTarget): string =>
  `${bus}/${name}/${kind}:${id}${targetId === undefined ? "" : `#${targetId}`}`;

/** One rule and one target of it, working through the archive; several events at a time, in no promised order. */
export class TargetWorker {
  readonly #context: TargetContext;
  #rule: Rule;
  #target: RuleTarget;
  #matches: (event: object) => boolean;
  /** Ascending by place in the archive; those before `#next` are under way or done with. */
  #waiting: { readonly place: number; readonly event: BusEvent }[] = [];
  #next = 0;
  /** Places of what waits and what is under way. */
  readonly #open = new Set<number>();
  /** No place before this one is open. */
  #lowest: number;
  #seen: number;
  #inFlight = 0;
  #isRemoved = false;

  constructor(
    rule: Rule,
    target: RuleTarget,
    { position, context }: { readonly position: number; readonly context: TargetContext },
  ) {
    this.#context = context;
    this.#rule = rule;
    this.#target = target;
    this.#matches = compileEventPattern(rule.pattern);
    this.#seen = position;
    this.#lowest = position;
  }

  /** Everything before this place is done with. */
  get position(): number {
    while (this.#lowest < this.#seen && !this.#open.has(this.#lowest)) this.#lowest += 1;
    return this.#lowest;
  }

  get isIdle(): boolean {
    return this.#open.size === 0;
  }

  /** The rule or the target was put again: what was matched before is still delivered. */
  change(rule: Rule, target: RuleTarget): void {
    this.#matches = compileEventPattern(rule.pattern);
    this.#rule = rule;
    this.#target = target;
  }

  /** Nothing more is sent to a target that is gone. */
  remove(): void {
    this.#isRemoved = true;
    this.#waiting = [];
    this.#next = 0;
    this.#open.clear();
  }

  /** The rule's name, for an event that it matches. */
  ruleOf({ bus, event }: Pick<Archived, "bus" | "event">): string | undefined {
    return this.#rule.isEnabled && bus === this.#rule.bus && this.#matches(event) ? this.#rule.name : undefined;
  }

  offer(place: number, { bus, event }: Archived): void {
    if (place < this.#seen) return;
    this.#seen = place + 1;
    if (this.ruleOf({ bus, event }) === undefined) return;
    this.#open.add(place);
    this.#waiting.push({ place, event });
    this.#pump();
  }

  #pump(): void {
    while (this.#inFlight < IN_FLIGHT && !this.#isOver) {
      const next = this.#takeNext();
      if (!next) return;
      this.#inFlight += 1;
      void this.#deliver(next.event).then((isDone) => {
        this.#inFlight -= 1;
        if (isDone) this.#settle(next.place);
        this.#pump();
      });
    }
  }

  #takeNext(): { readonly place: number; readonly event: BusEvent } | undefined {
    const next = this.#waiting[this.#next];
    if (next) {
      this.#next += 1;
      return next;
    }
    this.#waiting = [];
    this.#next = 0;
    return undefined;
  }

  get #isOver(): boolean {
    return this.#isRemoved || this.#context.signal.aborted;
  }

  /** A position that could not be kept is kept with the next one; after a kill the events come again. */
  #settle(place: number): void {
    this.#open.delete(place);
    try {
      this.#context.settled(this.position);
    } catch (error) {
      this.#context.log(`rule ${this.#rule.name}: its position was not kept: ${messageOf(error)}`);
    }
  }

  /** False when the run stopped before the event was done with. */
  async #deliver(event: BusEvent): Promise<boolean> {
    const { clock, backOff, send, log } = this.#context;
    const start = clock().getTime();
    for (let retry = 0; !this.#isOver; retry += 1) {
      if (retry > 0) await backOff(retry);
      if (this.#isOver) return false;
      try {
        await send(this.#target, inputOf(this.#target, event));
        return true;
      } catch (error) {
        log(`rule ${this.#rule.name}: ${this.#target.id} failed on ${event["detail-type"]}: ${messageOf(error)}`);
        const isOld = clock().getTime() - start > this.#target.maxAgeSeconds * 1000;
        const isSpent = retry >= this.#target.maxRetries;
        const condition = isSpent ? "MaximumRetryAttempts" : "MaximumEventAgeInSeconds";
        if ((isOld || isSpent) && this.#giveUp(event, error, { retries: retry, condition })) return true;
      }
    }
    return false;
  }

  /** False when the dead letter could not be kept: the event is then tried again. */
  #giveUp(
    event: BusEvent,
    error: unknown,
    { retries, condition }: { readonly retries: number; readonly condition: string },
  ): boolean {
    const { deadLetter } = this.#target;
    if (deadLetter === undefined) return true;
    try {
      this.#context.deadLetter(deadLetter, event, {
        RULE_ARN: this.#rule.name,
        TARGET_ARN: this.#target.id,
        ERROR_CODE: "ERROR_FROM_TARGET",
        ERROR_MESSAGE: messageOf(error),
        EXHAUSTED_RETRY_CONDITION: condition,
        RETRY_ATTEMPTS: String(retries),
      });
      return true;
    } catch (full) {
      this.#context.log(`rule ${this.#rule.name}: a dead letter was not kept: ${messageOf(full)}`);
      return false;
    }
  }
}

const IN_FLIGHT = 10;
