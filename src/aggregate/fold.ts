import type { Aggregate } from "../definition/aggregate.ts";
import {
  AggregateTypeError,
  asError,
  type CommandLog,
  CorruptEntityError,
  callNow,
  deepFreeze,
  EMPTY_COMMAND_LOG,
  messageOf,
  type NewEvent,
  recordCommand,
  type StoredEvent,
} from "../event-store/index.ts";

/** An aggregate's state at one version. The state is frozen: it is shared with whoever loads the entity next. */
export interface LoadedAggregate<State> {
  readonly entityId: string;
  /** 0 when the entity does not exist. */
  readonly version: number;
  readonly state: State;
  readonly commands: CommandLog;
  /** Of the event at `version`; undefined at 0, and from a snapshot that does not say. */
  readonly eventId?: string | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: an aggregate of any command
export type AnyCommandAggregate<State, E extends NewEvent> = Aggregate<State, any, E>;

export const emptyAggregate = <State>(entityId: string, initialState: State): LoadedAggregate<State> => ({
  entityId,
  version: 0,
  state: deepFreeze(initialState),
  commands: EMPTY_COMMAND_LOG,
});

/**
 * Takes events that follow `loaded` into it.
 *
 * @throws {CorruptEntityError} when one is missing
 * @throws {AggregateTypeError} when the entity is of another type
 * @throws {EvolveError}
 */
export function fold<State, E extends NewEvent>(
  aggregate: AnyCommandAggregate<State, E>,
  loaded: LoadedAggregate<State>,
  events: readonly StoredEvent[],
): LoadedAggregate<State> {
  let { state, version, commands, eventId } = loaded;
  for (const event of events) {
    if (event.sequenceNumber !== version + 1) {
      throw new CorruptEntityError(loaded.entityId, version + 1, event.sequenceNumber);
    }
    if (event.aggregateType !== aggregate.aggregateType)
      throw new AggregateTypeError(loaded.entityId, aggregate.aggregateType, event.aggregateType);
    state = evolve(aggregate, state, event);
    version = event.sequenceNumber;
    commands = recordCommand(commands, event);
    eventId = event.eventId;
  }
  return { entityId: loaded.entityId, version, state: deepFreeze(state), commands, eventId };
}

function evolve<State, E extends NewEvent>(
  aggregate: AnyCommandAggregate<State, E>,
  state: State,
  event: StoredEvent,
): State {
  return callNow(
    () => aggregate.evolve(state, event),
    (thrown) => new EvolveError(event, thrown),
  );
}

/** `evolve` threw on an event, or returned a promise. `cause` is what it threw. */
export class EvolveError extends Error {
  readonly code = "EVOLVE";
  readonly entityId: string;
  readonly sequenceNumber: number;
  readonly eventType: string;
  constructor({ aggregateType, entityId, sequenceNumber, eventType }: StoredEvent, thrown: unknown) {
    super(`${entityId} #${sequenceNumber}: evolve of ${aggregateType} failed on ${eventType}: ${messageOf(thrown)}`, {
      cause: asError(thrown),
    });
    this.name = "EvolveError";
    this.entityId = entityId;
    this.sequenceNumber = sequenceNumber;
    this.eventType = eventType;
  }
}
