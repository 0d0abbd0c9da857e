import type { NewEvent } from "../event-store/index.ts";

/** A request to change an entity, named with the verb first: `ChangePrice`. */
export interface Command<Type extends string = string, Data extends object = object> {
  readonly type: Type;
  readonly data: Data;
}

/** Who asks and when. A rule that wants the time takes it from here. */
export interface CommandMetadata {
  readonly userId: string;
  readonly correlationId: string;
  /** ISO 8601. */
  readonly now: string;
}

/**
 * The rules of one kind of entity, pure. `decide` answers with what happened (nothing, when nothing
 * changes) or throws a `Rejection`; `evolve` takes one event into the state and must not refuse. States, events and
 * commands are frozen where they are plain objects and lists: a new state is made, never the old one altered.
 */
export interface Decider<State, C extends Command, E extends NewEvent> {
  readonly initialState: State;
  decide(command: C, state: State, metadata: CommandMetadata): readonly E[];
  // biome-ignore lint/suspicious/noExplicitAny: a stored event of its own types, as their schemas gave them out
  evolve(state: State, event: any): State;
}
