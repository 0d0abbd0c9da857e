import type { BusState, PatternTest, QueueMessages, Redriven } from "../operations/contract.ts";
import type { LocalBus } from "./bus.ts";
import { ValidationException } from "./bus-entries.ts";
import { compileEventPattern } from "./event-pattern.ts";
import type { LocalQueue } from "./queue.ts";

/** What the console shows of bus and queues. */
export class BusView {
  readonly #bus: LocalBus;
  readonly #queues: readonly LocalQueue[];

  constructor(bus: LocalBus, queues: ReadonlyMap<string, LocalQueue>) {
    this.#bus = bus;
    this.#queues = [...queues.values()];
  }

  state(): BusState {
    const { buses, rules, archive } = this.#bus;
    const recent = archive.slice(-TRIED);
    return {
      buses,
      events: archive.length,
      rules: rules.map((rule) => {
        const matches = compileEventPattern(rule.pattern);
        const { name, bus, pattern, isEnabled, targets } = rule;
        return {
          name,
          bus,
          pattern,
          isEnabled,
          isDeclared: this.#bus.isDeclared(rule),
          targets: targets.map(({ kind, id }) => `${kind} ${id}`),
          matched: recent.filter((one) => one.bus === bus && matches(one.event)).length,
        };
      }),
      queues: this.#queues.map((queue) => ({
        name: queue.name,
        messages: queue.messages.length,
        deadLettersOf: this.#sourcesOf(queue).map(({ name }) => name),
      })),
    };
  }

  messages(name: string): QueueMessages {
    const shown = this.#queue(name).messages.slice(0, SHOWN_MESSAGES);
    return {
      messages: shown.map(({ id, body, attributes, receiveCount }) => ({
        messageId: id,
        body,
        attributes,
        receiveCount,
      })),
    };
  }

  /** Sends dead letters to the queue that they came from again; those of a rule or a function come from none. */
  redrive(name: string): Redriven {
    const queue = this.#queue(name);
    const [source, other] = this.#sourcesOf(queue);
    const messages = [...queue.messages];
    if (!source || other) return { sent: 0, left: messages.length };
    const isFromQueue = ({ attributes }: { readonly attributes: object }) => !Object.hasOwn(attributes, "RULE_ARN");
    const own = messages.filter(isFromQueue);
    for (const { id, body, attributes } of own) {
      source.send(body, attributes);
      queue.delete(id);
    }
    return { sent: own.length, left: messages.length - own.length };
  }

  /** Which of the last events a pattern matches. @throws {ValidationException} for what is no pattern */
  test(pattern: unknown): PatternTest {
    if (typeof pattern !== "object" || pattern === null || Array.isArray(pattern))
      throw new ValidationException("pattern: expected an object");
    const matches = this.#compile(pattern);
    const recent = this.#bus.archive.slice(-TRIED).map(({ event }) => event);
    const matched = recent.filter(matches);
    return { tried: recent.length, matched: matched.length, examples: matched.slice(-EXAMPLES).reverse() };
  }

  #compile(pattern: object): (event: object) => boolean {
    try {
      return compileEventPattern(pattern);
    } catch (error) {
      throw new ValidationException(`pattern: ${(error as Error).message}`);
    }
  }

  #sourcesOf(queue: LocalQueue): LocalQueue[] {
    return this.#queues.filter((one) => one.deadLetters === queue);
  }

  #queue(name: string): LocalQueue {
    const queue = this.#queues.find((one) => one.name === name);
    if (!queue)
      throw new ValidationException(
        `queue: expected one of ${this.#queues.map((one) => one.name).join(", ")}, got ${name}`,
      );
    return queue;
  }
}

/** Events of the archive that are looked at. */
const TRIED = 1_000;
const EXAMPLES = 20;
const SHOWN_MESSAGES = 100;
