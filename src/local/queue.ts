import { Journal } from "./journal.ts";

export interface QueueMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  readonly receiveCount: number;
  /** Milliseconds since 1970: not given out before. */
  readonly visibleAt: number;
}

export interface LocalQueueOptions {
  readonly name: string;
  readonly visibilitySeconds: number;
  readonly deadLetter?: { readonly queue: LocalQueue; readonly maxReceiveCount: number } | undefined;
  /** File that keeps the messages. Undefined: they end with the process. */
  readonly path?: string | undefined;
  readonly clock: () => Date;
  readonly newId: () => string;
}

type Line = { readonly put: QueueMessage } | { readonly deleted: string };

/** A standard SQS queue as far as a consumer sees it: visibility timeout, redelivery, dead letters. */
export class LocalQueue {
  readonly name: string;
  readonly #options: LocalQueueOptions;
  readonly #messages = new Map<string, QueueMessage>();
  readonly #journal: Journal<Line>;

  constructor(options: LocalQueueOptions) {
    this.name = options.name;
    this.#options = options;
    this.#journal = new Journal(options.path);
    for (const line of this.#journal.read()) {
      if ("put" in line) this.#messages.set(line.put.id, line.put);
      else this.#messages.delete(line.deleted);
    }
    this.#showAll();
    this.#journal.rewrite([...this.#messages.values()].map((put) => ({ put })));
  }

  /** What was under way when the run ended has no consumer any more, and need not wait for its visibility timeout. */
  #showAll(): void {
    for (const message of this.#messages.values())
      this.#messages.set(message.id, { ...message, visibleAt: message.sentAt });
  }

  /** Where messages that were received too often go. */
  get deadLetters(): LocalQueue | undefined {
    return this.#options.deadLetter?.queue;
  }

  get messages(): readonly QueueMessage[] {
    return [...this.#messages.values()];
  }

  #put(message: QueueMessage): void {
    this.#journal.append([{ put: message }]);
    this.#messages.set(message.id, message);
  }

  send(body: string, attributes: Readonly<Record<string, string>> = {}): void {
    const sentAt = this.#options.clock().getTime();
    this.#put({ id: this.#options.newId(), body, attributes, sentAt, receiveCount: 0, visibleAt: sentAt });
  }

  /** Up to `most` visible messages, hidden now for the visibility timeout; those received too often move on. */
  receive(most: number): QueueMessage[] {
    const now = this.#options.clock().getTime();
    const given: QueueMessage[] = [];
    for (const message of this.#messages.values()) {
      if (given.length >= most) break;
      if (message.visibleAt > now) continue;
      const { deadLetter, visibilitySeconds } = this.#options;
      if (deadLetter && message.receiveCount >= deadLetter.maxReceiveCount) {
        deadLetter.queue.send(message.body, message.attributes);
        this.delete(message.id);
        continue;
      }
      const visibleAt = now + visibilitySeconds * 1000;
      const received = { ...message, receiveCount: message.receiveCount + 1, visibleAt };
      this.#put(received);
      given.push(received);
    }
    return given;
  }

  delete(id: string): void {
    if (!this.#messages.has(id)) return;
    this.#journal.append([{ deleted: id }]);
    this.#messages.delete(id);
  }
}
