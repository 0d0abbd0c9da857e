import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import type { PublishedEventOf, ServiceDefinition } from "../definition/index.ts";
import { randomId } from "../event-store/defaults.ts";
import { checkFields, checkTime, type Fields, InvalidArgumentError, messageOf, pause } from "../event-store/index.ts";
import type { ConsumerCheckpoints } from "./checkpoints.ts";
import { parseEnvelope, type ReceivedEvent } from "./envelope.ts";
import { BusyError, ClaimCheckError, GapError } from "./errors.ts";
import type { FetchEvents } from "./fetch-from-api.ts";

/** What handlers are told beside the event: pass them on with your own commands. */
export interface MessageContext {
  readonly correlationId: string;
  /** The event that caused what you do now. */
  readonly causationId: string;
}

/** The names of the events that a service publishes, or its AsyncAPI document (docs/contract/asyncapi.json). */
export type Contract =
  | readonly string[]
  | { readonly channels: Readonly<Record<string, { readonly messages: Readonly<Record<string, unknown>> }>> };

/** Handlers by event type, typed by the declaration of the service whose events they are. */
export type EventHandlers<Service> =
  Service extends ServiceDefinition<infer _, infer __, infer ___>
    ? {
        readonly [Type in PublishedEventOf<Service>["eventType"]]?: EventHandler<
          ReceivedFrom<Extract<PublishedEventOf<Service>, { readonly eventType: Type }>>
        >;
      }
    : Readonly<Record<string, EventHandler<ReceivedEvent<never>>>>;

export interface ConsumerOptions<Service = unknown> {
  readonly checkpoints: ConsumerCheckpoints;
  /** By event type; a type without a handler is passed by. */
  readonly handlers: EventHandlers<Service>;
  /**
   * Published events of an entity, for gaps and claim checks. Without it a gap makes the message fail, so that it comes
   * again behind what is missing, and so does a claim check.
   */
  readonly fetchEvents?: FetchEvents;
  /**
   * Where a subscriber that joins late begins with each entity: with its first event, with the first that comes, or with
   * those from a time on (ISO 8601). Default "beginning".
   */
  readonly startAt?: "beginning" | "now" | (string & {});
  /** Refuses handlers of events that are not in it. Default: any name. */
  readonly contract?: Contract;
  /** Milliseconds for which a message waits for another invocation that is at its entity. Default 5,000. */
  readonly waitMs?: number;
  readonly log?: (line: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** What came of one event. */
export type Taken = "handled" | "duplicate" | "skipped";

export interface Consumer {
  /**
   * Handles one event; "skipped": it is from before `startAt`.
   *
   * @param from the `source` of the EventBridge event: entities of different services are told apart by it
   * @throws {GapError} @throws {ClaimCheckError} @throws {BusyError} @throws {InvalidEnvelopeError} and what a handler throws
   */
  take(detail: unknown, from?: { readonly source?: string }): Promise<Taken>;
  /** A Lambda handler for a queue behind a rule, with partial failures. */
  readonly handler: (event: SQSEvent) => Promise<SQSBatchResponse>;
}

type EventHandler<Event> = (event: Event, links: MessageContext) => Promise<void>;

/** What is published as an event that is received. */
type ReceivedFrom<Published> = Published extends { readonly data: infer Data }
  ? ReceivedEvent<Data> & Omit<Published, "data">
  : never;

/**
 * Takes published events, typed by the service's declaration (`createConsumer<typeof productService>`), each entity's in order and each once, however many invocations run: duplicates are dropped,
 * gaps are fetched, and only one invocation at a time handles an entity's events (see `ConsumerCheckpoints.lease`).
 *
 * What can still repeat: a crash between a handler's end and its checkpoint redelivers the event, and a handler that
 * takes longer than the lease may be joined by another. So a handler must be idempotent.
 *
 * @throws {InvalidArgumentError} for an unknown option, and for a handler of an event that the contract does not have
 */
export function createConsumer<Service = unknown>(options: ConsumerOptions<Service>): Consumer {
  checkFields("options", options, OPTIONS);
  checkHandlers(options as ConsumerOptions);
  const { checkpoints, fetchEvents, log, startAt = "beginning", waitMs = 5_000 } = options;
  const handlers = new Map<string, EventHandler<ReceivedEvent>>(Object.entries(options.handlers));
  const startTime = startAt === "beginning" || startAt === "now" ? undefined : Date.parse(startAt);

  async function whole(event: ReceivedEvent): Promise<ReceivedEvent> {
    if (!event.claimCheck) return event;
    const { entityId, sequenceNumber } = event.claimCheck;
    if (!fetchEvents) throw new ClaimCheckError(entityId, sequenceNumber, "there is no fetchEvents to get it with");
    const fetched = await fetchEvents(entityId, sequenceNumber, sequenceNumber);
    const found = eventsIn(fetched).find((one) => one.sequenceNumber === sequenceNumber);
    if (found && found.data !== undefined && !found.claimCheck) return found;
    throw new ClaimCheckError(entityId, sequenceNumber, "the service did not give it");
  }

  async function handle(key: string, event: ReceivedEvent): Promise<void> {
    const { entityId, sequenceNumber, eventType, eventId, correlationId } = event;
    const handler = handlers.get(eventType);
    log?.(`${eventType} ${entityId} #${sequenceNumber}`, { correlationId, eventId });
    if (handler) await handler(await whole(event), { correlationId, causationId: eventId });
    await checkpoints.advance(key, sequenceNumber);
  }

  /** What was published between two numbers, without what is not public. */
  async function missing(entityId: string, from: number, to: number): Promise<readonly ReceivedEvent[]> {
    if (from > to) return [];
    const fetched = (await fetchEvents?.(entityId, from, to)) ?? [];
    const events = new Map(
      eventsIn(fetched)
        .filter((one) => one.entityId === entityId && one.sequenceNumber >= from && one.sequenceNumber <= to)
        .map((one) => [one.sequenceNumber, one]),
    );
    const isWhole = "readUpTo" in fetched ? fetched.readUpTo >= to : events.size === to - from + 1;
    if (!isWhole) throw new GapError(entityId, from, to);
    return [...events.values()].sort((a, b) => a.sequenceNumber - b.sequenceNumber);
  }

  const isBeforeStart = ({ eventTime }: ReceivedEvent): boolean =>
    startTime !== undefined && Date.parse(eventTime) < startTime;

  async function takeInTurn(key: string, event: ReceivedEvent): Promise<Taken> {
    const { entityId, sequenceNumber } = event;
    const last = await checkpoints.last(key);
    if (sequenceNumber <= last) return "duplicate";
    if (isBeforeStart(event)) {
      await checkpoints.advance(key, sequenceNumber);
      return "skipped";
    }
    const isFirst = last === 0 && (startAt === "now" || (startTime !== undefined && !fetchEvents));
    const before = isFirst ? [] : await missing(entityId, last + 1, sequenceNumber - 1);
    for (const one of before) if (!isBeforeStart(one)) await handle(key, one);
    await handle(key, event);
    return "handled";
  }

  async function take(detail: unknown, { source = "" }: { readonly source?: string } = {}): Promise<Taken> {
    const event = parseEnvelope(detail);
    const key = JSON.stringify([source, event.aggregateType, event.entityId]);
    return withLease(checkpoints, { key, entityId: event.entityId, waitMs }, () => takeInTurn(key, event));
  }

  async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
    const batchItemFailures: { itemIdentifier: string }[] = [];
    for (const { messageId, body } of Records) {
      try {
        const { detail, source } = (JSON.parse(body) ?? {}) as { detail?: unknown; source?: unknown };
        await take(detail, typeof source === "string" ? { source } : {});
      } catch (error) {
        log?.(messageOf(error), { messageId });
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures };
  }

  return { take, handler };
}

const OPTIONS: Fields<ConsumerOptions> = {
  checkpoints: true,
  handlers: true,
  fetchEvents: true,
  startAt: true,
  contract: true,
  waitMs: true,
  log: true,
};

function checkHandlers({ handlers, contract, startAt }: ConsumerOptions): void {
  if (startAt !== undefined && startAt !== "beginning" && startAt !== "now") checkTime("startAt", startAt);
  if (typeof handlers !== "object" || handlers === null)
    throw new InvalidArgumentError("handlers", handlers, "functions by event type");
  for (const [name, handler] of Object.entries(handlers))
    if (typeof handler !== "function") throw new InvalidArgumentError(`handlers.${name}`, handler, "a function");
  if (!contract) return;
  const names =
    "channels" in contract
      ? Object.values(contract.channels).flatMap(({ messages }) =>
          Object.entries(messages).map(([key, message]) => (message as { name?: string } | null)?.name ?? key),
        )
      : contract;
  for (const name of Object.keys(handlers))
    if (!names.includes(name)) throw new InvalidArgumentError("handlers", name, `one of ${names.join(", ")}`);
}

const eventsIn = (fetched: Awaited<ReturnType<FetchEvents>>): readonly ReceivedEvent[] =>
  "readUpTo" in fetched ? fetched.events : fetched;

/** Milliseconds between two tries to get a lease. */
const TRY_EVERY_MS = 50;

/** @throws {BusyError} when others have the key for as long as is waited */
async function withLease<T>(
  checkpoints: ConsumerCheckpoints,
  { key, entityId, waitMs }: { readonly key: string; readonly entityId: string; readonly waitMs: number },
  act: () => Promise<T>,
): Promise<T> {
  if (!checkpoints.lease) return act();
  const owner = randomId();
  for (let waited = 0; !(await checkpoints.lease(key, owner)); waited += TRY_EVERY_MS) {
    if (waited >= waitMs) throw new BusyError(entityId);
    await pause(TRY_EVERY_MS);
  }
  try {
    return await act();
  } finally {
    await checkpoints.release?.(key, owner);
  }
}
