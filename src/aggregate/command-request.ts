import type { Command } from "../definition/decider.ts";
import {
  checkFields,
  checkTime,
  checkWholeNumber,
  deepFreeze,
  type EventStore,
  type Fields,
  InvalidArgumentError,
} from "../event-store/index.ts";
import type { KeyedMutex } from "./keyed-mutex.ts";
import { copyOf } from "./sent-command.ts";
import type { StateCache } from "./state-cache.ts";

export interface CommandContext<State> {
  readonly store: EventStore;
  /** Keeps states between commands. Default: every command loads. */
  readonly cache?: StateCache<State> | undefined;
  /** Orders this process's commands per entity. Default: they race. */
  readonly mutex?: KeyedMutex | undefined;
  /** How often a command is decided before a conflict is reported. At least 1, default 30. */
  readonly attempts?: number | undefined;
  /**
   * Whether what came of a command with an id that stored nothing is remembered for 24 hours: a refusal, or that nothing
   * changed. It costs a read for each command with an id, and a write for each such outcome. Default true.
   */
  readonly remembersOutcomes?: boolean | undefined;
}

/** A command with who, why and where it goes. */
export interface CommandRequest<C extends Command> {
  readonly entityId: string;
  readonly command: C;
  readonly userId: string;
  readonly correlationId: string;
  readonly causationId?: string | undefined;
  /** ISO 8601: what `decide` sees as the time. */
  readonly now: string;
  /** Recognises a repeat, whatever came of the first time (docs/adr/0004-repeated-commands.md, 0021-first-outcomes.md). */
  readonly commandId?: string | undefined;
  /** Tells the command from another of the same id. Default: a digest of `command`. */
  readonly commandHash?: string | undefined;
  /** Conflicts are reported instead of retried. 0: the entity must not exist. */
  readonly expectedVersion?: number | undefined;
}

/** @throws {InvalidArgumentError} for an unknown field, and for no attempt at all */
export function checkContext<State>(context: CommandContext<State>): void {
  checkFields("context", context, CONTEXT);
  checkWholeNumber("attempts", context.attempts ?? 1, 1);
}

const CONTEXT: Fields<CommandContext<unknown>> = {
  store: true,
  cache: true,
  mutex: true,
  attempts: true,
  remembersOutcomes: true,
};

const REQUEST: Fields<CommandRequest<Command>> = {
  entityId: true,
  command: true,
  userId: true,
  correlationId: true,
  causationId: true,
  now: true,
  commandId: true,
  commandHash: true,
  expectedVersion: true,
};

/** The request as it is now, checked. @throws {InvalidArgumentError} */
export function takeRequest<C extends Command>(given: CommandRequest<C>): CommandRequest<C> {
  checkFields("request", given, REQUEST);
  const { command, expectedVersion, now } = given;
  if (typeof command !== "object" || command === null || typeof command.type !== "string")
    throw new InvalidArgumentError("command", command, "a command with type and data");
  if (expectedVersion !== undefined) checkWholeNumber("expectedVersion", expectedVersion, 0);
  checkTime("now", now);
  return { ...given, command: deepFreeze(copyOf(command)) };
}
