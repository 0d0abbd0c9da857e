import type { Aggregate } from "../definition/aggregate.ts";
import type { Command } from "../definition/decider.ts";
import { Rejection } from "../definition/rejection.ts";
import {
  CommandIdReusedError,
  type CommandLog,
  type CommandOutcome,
  type EventStore,
  findCommand,
  type NewEvent,
  readEventsOfCommand,
} from "../event-store/index.ts";
import type { CommandResult } from "./command-result.ts";
import type { LoadedAggregate } from "./fold.ts";
import { load } from "./load.ts";

/** What tells a command from others: its id, and a digest of its content. */
export interface Identity {
  readonly id: string;
  readonly hash: string;
}

interface Repeat<State> {
  readonly loaded: LoadedAggregate<State>;
  readonly log: CommandLog;
  readonly identity: Identity;
  /** What is remembered of a first time that stored nothing. */
  readonly outcome: CommandOutcome | undefined;
}

/**
 * What came of the same command's first time: its version, with the state and the events of then.
 *
 * @throws {Rejection} when it was refused then
 * @throws {CommandIdReusedError} when the id belongs to another command
 */
export async function findFirstTime<State, C extends Command, E extends NewEvent>(
  store: EventStore,
  aggregate: Aggregate<State, C, E>,
  { loaded, log, identity, outcome }: Repeat<State>,
): Promise<CommandResult<State> | undefined> {
  const { entityId } = loaded;
  const stateAt = async (version: number): Promise<State> =>
    version === loaded.version ? loaded.state : (await load(store, aggregate, entityId, { atVersion: version })).state;
  const stored = findCommand(log, entityId, identity);
  if (stored) {
    const [state, events] = await Promise.all([stateAt(stored.version), readEventsOfCommand(store, entityId, stored)]);
    return { version: stored.version, state, events, repeated: true };
  }
  if (!outcome) return undefined;
  const { version, commandHash, rejection } = outcome;
  if (commandHash !== identity.hash) throw new CommandIdReusedError(entityId, identity.id, version);
  if (rejection) throw new Rejection(rejection.reason, rejection.message, rejection.kind);
  return { version, state: await stateAt(version), events: [], repeated: true };
}

/** Remembers that a command stored nothing, and why. What was remembered before it stands. */
export async function rememberRefusal(
  store: EventStore,
  {
    entityId,
    version,
    identity,
    rejection,
  }: Pick<CommandOutcome, "entityId" | "version"> & {
    readonly identity: Identity;
    readonly rejection: Rejection | undefined;
  },
): Promise<void> {
  const { id: commandId, hash: commandHash } = identity;
  const why = rejection && {
    rejection: { reason: rejection.reason, message: rejection.message, kind: rejection.kind },
  };
  await store.rememberOutcome({ entityId, commandId, commandHash, version, ...why });
}
