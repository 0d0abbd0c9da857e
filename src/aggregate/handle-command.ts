import pRetry from "p-retry";
import type { Aggregate } from "../definition/aggregate.ts";
import type { Command } from "../definition/decider.ts";
import { isRejection, type Rejection } from "../definition/rejection.ts";
import {
  type AppendResult,
  type CommandOutcome,
  ConcurrencyError,
  dropPromise,
  InvalidArgumentError,
  isConcurrencyError,
  isThenable,
  type NewEvent,
  pause,
} from "../event-store/index.ts";
import { type CommandContext, type CommandRequest, checkContext, takeRequest } from "./command-request.ts";
import type { CommandResult } from "./command-result.ts";
import { contentionOf } from "./contention.ts";
import { findFirstTime, type Identity, rememberRefusal } from "./first-time.ts";
import { EvolveError, fold, type LoadedAggregate } from "./fold.ts";
import { load, loadAfter } from "./load.ts";
import { identityOf } from "./sent-command.ts";

/**
 * Runs one command: load, decide, append, and retry from the start after a conflict with another writer.
 * A hot command (state in the cache, no command id) costs one request. The request is taken at once: what its caller
 * makes of it afterwards changes nothing.
 *
 * @throws {Rejection} when a business rule rejects the command
 * @throws {ConcurrencyError} when `expectedVersion` is not the entity's, or the retries are used up
 * @throws {EvolveError} when `evolve` cannot take what was decided; nothing was stored
 * @throws {StoreUnavailableError} when the tables were unavailable until the retries were used up
 */
export async function handleCommand<State, C extends Command, E extends NewEvent>(
  context: CommandContext<State>,
  aggregate: Aggregate<State, C, E>,
  given: CommandRequest<C>,
): Promise<CommandResult<State>> {
  checkContext(context);
  const request = takeRequest(given);
  context.store.declare(aggregate);
  const act = () => new CommandRun(context, aggregate, request).run();
  return context.mutex ? context.mutex.run(request.entityId, act) : act();
}

interface Attempt<State> {
  readonly loaded: LoadedAggregate<State>;
  /** A strong read: what is decided on it without an append stands. */
  readonly isCertain: boolean;
}

/** One command on its way. */
class CommandRun<State, C extends Command, E extends NewEvent> {
  readonly #context: CommandContext<State>;
  readonly #aggregate: Aggregate<State, C, E>;
  readonly #request: CommandRequest<C>;
  readonly #identity: Identity | undefined;
  #outcome: Promise<CommandOutcome | undefined> | undefined;
  #thrownByDecide: unknown;

  constructor(context: CommandContext<State>, aggregate: Aggregate<State, C, E>, request: CommandRequest<C>) {
    this.#context = context;
    this.#aggregate = aggregate;
    this.#request = request;
    const { commandId: id, commandHash: hash, command } = request;
    this.#identity = id === undefined ? undefined : hash === undefined ? identityOf(id, command) : { id, hash };
  }

  async run(): Promise<CommandResult<State>> {
    const { store, cache, attempts = 30 } = this.#context;
    const { entityId, expectedVersion } = this.#request;
    const contention = contentionOf(store);
    let next: Attempt<State> | undefined;
    const attempt = async (): Promise<CommandResult<State>> => {
      next ??= await this.#first(contention.pauseMs(entityId));
      cache?.set(next.loaded);
      return this.#decideSurely(next);
    };
    const mayRetry = (error: unknown): error is ConcurrencyError =>
      isConcurrencyError(error) && expectedVersion === undefined;
    const result = await pRetry(attempt, {
      retries: attempts - 1,
      minTimeout: 0,
      shouldRetry: ({ error }) => mayRetry(error),
      onFailedAttempt: async ({ error, retriesLeft }) => {
        if (!mayRetry(error) || !next || retriesLeft === 0) return;
        next = await this.#afterLostRace(next.loaded, error, contention.lost(entityId));
      },
    });
    contention.won(entityId);
    return result;
  }

  /** The state to decide on first: as it is known, or, where writers compete, after a pause in which others went on. */
  async #first(pauseMs: number): Promise<Attempt<State>> {
    const { store, cache } = this.#context;
    const { entityId } = this.#request;
    const known = cache?.get(entityId);
    if (pauseMs > 0) await pause(pauseMs);
    this.#outcome = this.#findOutcome();
    if (!known) {
      return { loaded: await load(store, this.#aggregate, entityId, { consistent: false }), isCertain: false };
    }
    if (pauseMs > 0) return { loaded: await loadAfter(store, this.#aggregate, known), isCertain: true };
    return { loaded: known, isCertain: false };
  }

  /** The state to decide on again: with the winner's event taken in, or, after a pause in which others went on, read. */
  async #afterLostRace(
    stale: LoadedAggregate<State>,
    { winner }: ConcurrencyError,
    pauseMs: number,
  ): Promise<Attempt<State>> {
    // Of several events that are stored at once the winner is the first: what is decided between them needs a read.
    // So would be the answer to a repeat of its command.
    const isNext = winner?.sequenceNumber === stale.version + 1 && winner.commandId === undefined;
    if (pauseMs === 0 && isNext) return { loaded: fold(this.#aggregate, stale, [winner]), isCertain: false };
    await pause(pauseMs);
    // Meanwhile its first time may have been refused, and remembered.
    if (pauseMs > 0) this.#outcome = this.#findOutcome();
    return { loaded: await loadAfter(this.#context.store, this.#aggregate, stale), isCertain: true };
  }

  /** Asked for while the entity is loaded. */
  #findOutcome(): Promise<CommandOutcome | undefined> | undefined {
    const { store, remembersOutcomes = true } = this.#context;
    if (!this.#identity || !remembersOutcomes) return undefined;
    const found = store.findOutcome(this.#request.entityId, this.#identity.id);
    found.catch(() => undefined);
    return found;
  }

  async #decideSurely({ loaded, isCertain }: Attempt<State>): Promise<CommandResult<State>> {
    const again = async () => {
      const newest = await loadAfter(this.#context.store, this.#aggregate, loaded);
      this.#context.cache?.set(newest);
      return this.#decideAndRemember(newest);
    };
    if (isCertain) return this.#decideAndRemember(loaded);
    try {
      const outcome = await this.#decideOnce(loaded);
      return isUnproven(outcome) ? await again() : outcome;
    } catch (error) {
      const isStaleExpectation = isConcurrencyError(error) && this.#request.expectedVersion !== undefined;
      const isOfState = isRejection(error) || error === this.#thrownByDecide || error instanceof EvolveError;
      if (isOfState || isStaleExpectation) return again();
      throw error;
    }
  }

  /** Decides on a strong read. What stores nothing is remembered, unless another outcome was remembered before it. */
  async #decideAndRemember(loaded: LoadedAggregate<State>): Promise<CommandResult<State>> {
    const { store } = this.#context;
    const identity = this.#outcome && this.#identity;
    const remember = (rejection?: Rejection) =>
      identity && rememberRefusal(store, { entityId: loaded.entityId, version: loaded.version, identity, rejection });
    try {
      const result = await this.#decideOnce(loaded);
      if (isUnproven(result)) await remember();
      return result;
    } catch (error) {
      if (isRejection(error)) await remember(error);
      throw error;
    }
  }

  /** Decides and appends once; throws ConcurrencyError when the state was stale. */
  async #decideOnce(loaded: LoadedAggregate<State>): Promise<CommandResult<State>> {
    const { store, cache } = this.#context;
    const { entityId, userId, correlationId, causationId, expectedVersion } = this.#request;
    const identity = this.#identity;
    const isKnown = identity === undefined || loaded.commands.complete;
    const log = isKnown ? loaded.commands : await store.getRecentCommands(entityId);
    const first =
      identity &&
      (await findFirstTime(store, this.#aggregate, { loaded, log, identity, outcome: await this.#outcome }));
    if (first) return first;
    if (expectedVersion !== undefined && expectedVersion !== loaded.version)
      throw new ConcurrencyError(entityId, expectedVersion, loaded.version);
    const decided = this.#decide(loaded.state);
    if (decided.length === 0) return { version: loaded.version, state: loaded.state, events: [], repeated: false };
    let next = loaded;
    const appended: AppendResult = await store.appendEvents({
      aggregateType: this.#aggregate.aggregateType,
      entityId,
      events: decided,
      userId,
      correlationId,
      causationId,
      expectedVersion: loaded.version,
      explainsConflict: this.#request.expectedVersion !== undefined,
      command: identity && { ...identity, log },
      precondition: (events) => {
        next = fold(this.#aggregate, loaded, events);
      },
    });
    if (appended.repeated) return this.#repeatOf(appended);
    cache?.set(next);
    return { version: appended.version, events: appended.events, repeated: false, state: next.state };
  }

  async #repeatOf({ version, events }: AppendResult): Promise<CommandResult<State>> {
    const { store } = this.#context;
    const { state } = await load(store, this.#aggregate, this.#request.entityId, { atVersion: version });
    return { version, state, events, repeated: true };
  }

  #decide(state: State): readonly E[] {
    const { command, userId, correlationId, now } = this.#request;
    const decided = this.#callDecide(() => this.#aggregate.decide(command, state, { userId, correlationId, now }));
    if (isThenable(decided)) dropPromise(decided);
    if (!Array.isArray(decided))
      throw new InvalidArgumentError(
        "decide",
        isThenable(decided) ? "a promise" : decided,
        "an array of events, at once",
      );
    return decided;
  }

  #callDecide(decide: () => unknown): unknown {
    try {
      return decide();
    } catch (error) {
      this.#thrownByDecide = error;
      throw error;
    }
  }
}

/** Nothing was stored, so no conflict would show that the state was stale. */
const isUnproven = (outcome: CommandResult<unknown>): boolean => outcome.events.length === 0 && !outcome.repeated;
