import { deepStrictEqual } from "node:assert/strict";
import type {
  Aggregate,
  AnyAggregateDefinition,
  Command,
  CommandMetadata,
  StoredEventOf,
} from "../definition/index.ts";
import { isRejection } from "../definition/index.ts";
import {
  type AnySchema,
  checkFields,
  deepFreeze,
  dropPromise,
  type Fields,
  InvalidArgumentError,
  isThenable,
  MAX_EVENTS_PER_APPEND,
  type NewEvent,
  type StoredEvent,
} from "../event-store/index.ts";
import { DEFAULT_METADATA, readAsStored } from "./given-events.ts";

/** What `then` expects when the rules say no. */
export interface ExpectedRejection {
  readonly rejection: string;
}

interface Outcome<E> {
  /**
   * What must have come of the command.
   *
   * @throws {AssertionError} with the difference, line by line
   */
  then(expected: readonly E[] | ExpectedRejection): void;
}

interface Story<C, E> {
  when(command: C, metadata?: Partial<CommandMetadata>): Outcome<E>;
}

/** An event of the history; with a `version` it is one of that schema version, and upcast from there. */
type GivenNewEvent<E extends NewEvent> =
  | E
  | { readonly eventType: string; readonly version: string; readonly eventData: object };

/** The events of an aggregate as they are stored. */
type StoredOf<A, E> = A extends { readonly events: infer Events }
  ? StoredEventOf<Events> extends infer Event extends { eventType: string; eventData: unknown }
    ? Event extends unknown
      ? Pick<Event, "eventType" | "eventData">
      : never
    : E
  : E;

/** The commands of an aggregate as callers send them. */
type InputOf<A, C> = A extends { readonly commands: infer Commands }
  ? {
      [Type in keyof Commands & string]: { readonly type: Type; readonly data: InputData<Commands[Type]> };
    }[keyof Commands & string]
  : C;

type InputData<Schema> = Schema extends { readonly "~standard": { readonly types?: infer Types } }
  ? NonNullable<Types> extends { readonly input: infer Input }
    ? Input
    : object
  : object;

/**
 * Stories about an aggregate. What production does happens here too: commands and events are checked by their schemas,
 * older events are upcast, states are frozen, and what was decided must be taken by `evolve`.
 *
 * @example
 * const { given } = stories(product);
 * given([created]).when({ type: "ChangePrice", data: { price } }).then([{ eventType: "PriceUpdated", eventData }]);
 */
export function stories<State, C extends Command, E extends NewEvent, A extends Aggregate<State, C, E>>(
  aggregate: A & Aggregate<State, C, E>,
): { given(history: readonly GivenNewEvent<E>[]): Story<InputOf<A, C>, StoredOf<A, E>> } {
  return {
    given: (history) => ({
      when: (command, metadata = {}) => ({
        // biome-ignore lint/suspicious/noThenProperty: given, when, then are the words of the kit
        then(expected) {
          // `await` calls it so, and would pass over what is expected.
          if (typeof expected === "function")
            throw new InvalidArgumentError("then", expected, "events or a rejection: a story is not awaited");
          checkFields("metadata", metadata, METADATA);
          for (const [n, event] of history.entries()) checkFields<object>(`history[${n}]`, event, NEW_EVENT);
          const told = { ...DEFAULT_METADATA, ...metadata };
          const outcome = decide(aggregate, history, { command: command as unknown as C, metadata: told });
          deepStrictEqual(outcome, expected);
        },
      }),
    }),
  };
}

function decide<State, C extends Command, E extends NewEvent>(
  aggregate: Aggregate<State, C, E>,
  history: readonly GivenNewEvent<E>[],
  { command, metadata }: { readonly command: C; readonly metadata: CommandMetadata },
): unknown {
  const evolve = (before: State, event: StoredEvent): State =>
    deepFreeze(atOnce("evolve", aggregate.evolve(before, event)));
  const events = readAsStored("history", history, [aggregate]);
  const state = events.reduce(evolve, deepFreeze(aggregate.initialState));
  const checked = checkedCommand(aggregate, command);
  try {
    const decided = atOnce("decide", aggregate.decide(checked, state, metadata));
    if (!Array.isArray(decided) || decided.length > MAX_EVENTS_PER_APPEND)
      throw new InvalidArgumentError("decide", decided, `an array of at most ${MAX_EVENTS_PER_APPEND} events`);
    for (const [n, event] of decided.entries()) checkFields<object>(`decided[${n}]`, event, DECIDED);
    const numbered = decided.map((event, n) => ({ ...event, sequenceNumber: events.length + n + 1 }));
    const stored = readAsStored("decided", numbered, [aggregate]);
    stored.reduce(evolve, state);
    return stored.map(({ eventType, eventData }) => ({ eventType, eventData }));
  } catch (error) {
    if (isRejection(error)) return rejected(error.reason);
    throw error;
  }
}

/** @throws {InvalidArgumentError} for a promise: the rules answer at once */
function atOnce<T>(what: string, answer: T): T {
  if (!isThenable(answer)) return answer;
  dropPromise(answer);
  throw new InvalidArgumentError(what, "a promise", "an answer at once");
}

/** The command with what its schema gives out. */
function checkedCommand<C extends Command>(aggregate: object, command: C): C {
  const { commands } = aggregate as Partial<AnyAggregateDefinition>;
  const schema: AnySchema | undefined =
    commands && Object.hasOwn(commands, command.type) ? commands[command.type] : undefined;
  if (!schema) return deepFreeze(structuredClone(command));
  const result = schema["~standard"].validate(command.data);
  if (isThenable(result)) throw new TypeError(`${command.type}: its schema is asynchronous; use inMemory(service)`);
  if (result.issues) throw new TypeError(`${command.type}: ${result.issues.map(({ message }) => message).join("; ")}`);
  return deepFreeze({ ...command, data: structuredClone(result.value) });
}

/** The rules refuse for this reason: `then(rejected("product-discontinued"))`. */
export const rejected = (reason: string): ExpectedRejection => ({ rejection: reason });

const METADATA: Fields<CommandMetadata> = { userId: true, correlationId: true, now: true };
const DECIDED: Fields<NewEvent> = { eventType: true, eventData: true };
const NEW_EVENT: Fields<NewEvent & { version: string }> = { eventType: true, eventData: true, version: true };
