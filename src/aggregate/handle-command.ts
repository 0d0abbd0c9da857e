import pRetry from "p-retry";
import {
  type Appended,
  ConcurrencyError,
  checkTime,
  checkWholeNumber,
  contentHash,
  type EventStore,
  findCommand,
  InvalidArgumentError,
  isConcurrencyError,
  type NewEvent,
  type StoredEvent,
} from "../event-store/index.ts";
import type { Aggregate, Command } from "./decider.ts";
import { fold, type Loaded, load, loadAfter } from "./load.ts";
import { isRejection } from "./rejection.ts";
import type { StateCache } from "./state-cache.ts";
import type { Turns } from "./turns.ts";

export interface CommandContext<State> {
  readonly store: EventStore;
  /** Keeps states between commands. Default: every command loads. */
  readonly cache?: StateCache<State> | undefined;
  /** Orders this process's commands per entity. Default: they race. */
  readonly turns?: Turns | undefined;
  /** How often a command is decided before a conflict is reported. At least 1, default 30. */
  readonly attempts?: number | undefined;
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
  /** Recognises a repeat among the entity's last 100 commands. */
  readonly commandId?: string | undefined;
  /** Conflicts are reported instead of retried. 0: the entity must not exist. */
  readonly expectedVersion?: number | undefined;
}

export interface CommandResult<State> {
  readonly version: number;
  readonly state: State;
  /** What was stored: empty when nothing changed or the command was a repeat. */
  readonly events: readonly StoredEvent[];
  readonly repeated: boolean;
}

interface Attempt<State> {
  readonly loaded: Loaded<State>;
  /** A strong read: what is decided on it without an append stands. */
  readonly isCertain: boolean;
}

/** Loads, decides and appends once; throws ConcurrencyError when the state was stale. */
async function decideOnce<State, C extends Command, E extends NewEvent>(
  { store, cache }: CommandContext<State>,
  aggregate: Aggregate<State, C, E>,
  request: CommandRequest<C>,
  loaded: Loaded<State>,
): Promise<CommandResult<State>> {
  const { entityId, command, userId, correlationId, causationId, now, commandId, expectedVersion } = request;
  const identity = commandId === undefined ? undefined : { id: commandId, hash: contentHash(command) };
  const isKnown = identity === undefined || loaded.commands.complete;
  const log = isKnown ? loaded.commands : await store.getRecentCommands(entityId);
  const first = identity && findCommand(log, entityId, identity);
  if (first) return { version: first.version, state: loaded.state, events: [], repeated: true };
  if (expectedVersion !== undefined && expectedVersion !== loaded.version) {
    throw new ConcurrencyError(entityId, expectedVersion, loaded.version);
  }
  const decided = aggregate.decide(command, loaded.state, { userId, correlationId, now });
  if (!Array.isArray(decided)) throw new InvalidArgumentError("decide", decided, "an array of events, at once");
  if (decided.length === 0) return { version: loaded.version, state: loaded.state, events: [], repeated: false };
  const appended: Appended = await store.appendEvents({
    aggregateType: aggregate.aggregateType,
    entityId,
    events: decided,
    userId,
    correlationId,
    causationId,
    expectedVersion: loaded.version,
    command: identity && { ...identity, log },
  });
  const next = fold(aggregate, loaded, appended.events);
  cache?.set(next);
  return { ...appended, state: next.state };
}

/** Nothing was stored, so no conflict would show that the state was stale. */
const isUnproven = (outcome: CommandResult<unknown>): boolean => outcome.events.length === 0 && !outcome.repeated;

async function decideSurely<State, C extends Command, E extends NewEvent>(
  context: CommandContext<State>,
  aggregate: Aggregate<State, C, E>,
  request: CommandRequest<C>,
  { loaded, isCertain }: Attempt<State>,
): Promise<CommandResult<State>> {
  const again = async () => {
    const newest = await loadAfter(context.store, aggregate, loaded);
    context.cache?.set(newest);
    return decideOnce(context, aggregate, request, newest);
  };
  try {
    const outcome = await decideOnce(context, aggregate, request, loaded);
    return isUnproven(outcome) && !isCertain ? await again() : outcome;
  } catch (error) {
    const isStaleExpectation = isConcurrencyError(error) && request.expectedVersion !== undefined;
    if (!isCertain && (isRejection(error) || isStaleExpectation)) return again();
    throw error;
  }
}

async function run<State, C extends Command, E extends NewEvent>(
  context: CommandContext<State>,
  aggregate: Aggregate<State, C, E>,
  request: CommandRequest<C>,
): Promise<CommandResult<State>> {
  const { store, cache, attempts = 30 } = context;
  checkWholeNumber("attempts", attempts, 1);
  if (request.expectedVersion !== undefined) checkWholeNumber("expectedVersion", request.expectedVersion, 0);
  checkTime("now", request.now);
  const { entityId } = request;
  let stale: Loaded<State> | undefined;
  const attempt = async (): Promise<CommandResult<State>> => {
    const isCertain = stale !== undefined;
    const loaded = stale
      ? await loadAfter(store, aggregate, stale)
      : (cache?.get(entityId) ?? (await load(store, aggregate, entityId, { consistent: false })));
    stale = loaded;
    cache?.set(loaded);
    return decideSurely(context, aggregate, request, { loaded, isCertain });
  };
  return pRetry(attempt, {
    retries: attempts - 1,
    minTimeout: 2,
    maxTimeout: 200,
    factor: 1.5,
    randomize: true,
    shouldRetry: ({ error }) => isConcurrencyError(error) && request.expectedVersion === undefined,
  });
}

/**
 * Runs one command: load, decide, append, and again from the start when another writer was faster.
 * A hot command (state in the cache) costs one request.
 *
 * @throws {Rejection} when the rules say no
 * @throws {ConcurrencyError} when `expectedVersion` is not the entity's, or the retries are used up
 */
export function handleCommand<State, C extends Command, E extends NewEvent>(
  context: CommandContext<State>,
  aggregate: Aggregate<State, C, E>,
  request: CommandRequest<C>,
): Promise<CommandResult<State>> {
  const act = () => run(context, aggregate, request);
  return context.turns ? context.turns.take(request.entityId, act) : act();
}
