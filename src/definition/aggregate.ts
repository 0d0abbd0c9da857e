import {
  type AnySchema,
  checkEventTypes,
  checkFields,
  checkKeyText,
  type EventTypes,
  type Fields,
  type InferInput,
  type InferOutput,
  InvalidArgumentError,
  isThenable,
  MAX_AGGREGATE_TYPE_BYTES,
  type NewEvent,
  type Reparsable,
  type StandardSchema,
} from "../event-store/index.ts";
import type { Command, CommandMetadata, Decider } from "./decider.ts";
import { type EventDeclarations, eventTypesOf, isSchema, type NewEventOf, type StoredEventOf } from "./event.ts";

/** A decider with what the store and the snapshotter must know of it. */
export interface Aggregate<State, C extends Command, E extends NewEvent> extends Decider<State, C, E> {
  /** 1 to 256 bytes. */
  readonly aggregateType: string;
  readonly eventTypes: EventTypes;
  /** The schema version of the state in snapshots. Raise it when `State` or `evolve` changes: older snapshots are then ignored. */
  readonly stateVersion: string;
  /** A snapshot that does not fit is ignored. Default: any fits. */
  readonly stateSchema?: StandardSchema | undefined;
  readonly snapshots?: SnapshotPolicy | undefined;
}

/** When a snapshot of an entity is due. */
export interface SnapshotPolicy<EventType extends string = string> {
  /** Every so many events. At least 1, default 100. */
  readonly every?: number | undefined;
  /** Event types after which one is due at once. Default: none. */
  readonly at?: readonly EventType[] | undefined;
}

/** The commands of an aggregate by type, each with the schema of its data. */
export type CommandDeclarations = Readonly<Record<string, AnySchema>>;

/** A command as `decide` is given it: what its schema gave out. */
export type CommandOf<Commands, Type extends keyof Commands = keyof Commands> = {
  [Name in Type & string]: { readonly type: Name; readonly data: InferOutput<Commands[Name]> & object };
}[Type & string];

/** A command as a caller sends it: what its schema takes. */
export type CommandInputOf<Commands, Type extends keyof Commands = keyof Commands> = {
  [Name in Type & string]: { readonly type: Name; readonly data: InferInput<Commands[Name]> & object };
}[Type & string];

/** What `defineAggregate` gives: an aggregate with its schemas. */
export interface AggregateDefinition<
  Type extends string,
  State,
  Events extends EventDeclarations,
  Commands extends CommandDeclarations,
  CreatedBy extends string = string,
> extends Aggregate<State, CommandOf<Commands>, NewEventOf<Events>> {
  readonly aggregateType: Type;
  /** The schema of entity ids in the API. */
  readonly id: AnySchema | undefined;
  readonly events: Events;
  readonly commands: Commands;
  /** The command that makes an entity: its route is the collection's. Undefined: none has a route of this kind. */
  readonly createdBy: CreatedBy | undefined;
  evolve(state: State, event: StoredEventOf<Events>): State;
}

// biome-ignore lint/suspicious/noExplicitAny: an aggregate of any state, events and commands
export type AnyAggregateDefinition = AggregateDefinition<string, any, any, any, any>;

type EvolveHandlers<State, Events> = {
  readonly [Name in keyof Events]: (state: State, event: StoredEventOf<Events, Name>) => State;
};

type DecideHandlers<State, Events, Commands> = {
  readonly [Name in keyof Commands]: (
    command: CommandOf<Commands, Name>,
    state: State,
    metadata: CommandMetadata,
  ) => readonly NewEventOf<Events>[];
};

/** What `defineAggregate` is given. */
interface Declaration<Type extends string, StateSchema extends AnySchema, Events, Commands, CreatedBy> {
  /** 1 to 256 bytes: `Product`. */
  readonly type: Type;
  /** The schema of entity ids in the API. Default: well-formed text of 1 to 1,000 bytes. */
  readonly id?: AnySchema;
  /** The schema of the state in snapshots. */
  readonly state: StateSchema & Reparsable<StateSchema>;
  /** Raise it when the state or `evolve` changes: older snapshots are then ignored. Default "1". */
  readonly stateVersion?: string;
  readonly initialState: InferOutput<StateSchema>;
  readonly events: Events;
  readonly commands: Commands;
  /** By command: what happened, nothing when nothing changes; or a thrown `Rejection`. Pure. */
  readonly decide: NoInfer<DecideHandlers<InferOutput<StateSchema>, Events, Commands>>;
  /** By event: the next state. `unchanged` for one that the state does not show. Pure, and must not refuse. */
  readonly evolve: NoInfer<EvolveHandlers<InferOutput<StateSchema>, Events>>;
  readonly snapshots?: SnapshotPolicy<keyof Events & string>;
  /** The command whose route is `POST /collection`. Default: `Create` and the type, where there is such a command. */
  readonly createdBy?: CreatedBy;
}

/**
 * Declares one kind of entity: its events, its commands and its rules. A handler names at least one parameter, even where
 * it needs none: only then does TypeScript keep the literals in what it gives (`(_) => ({ status: "active" })`).
 *
 * @example
 * const counter = defineAggregate({
 *   type: "Counter",
 *   state: z.object({ count: z.int() }),
 *   initialState: { count: 0 },
 *   events: { Counted: z.object({ by: z.int() }) },
 *   commands: { Count: z.object({ by: z.int().default(1) }) },
 *   decide: { Count: ({ data }) => [{ eventType: "Counted", eventData: data }] },
 *   evolve: { Counted: (state, { eventData }) => ({ count: state.count + eventData.by }) },
 * });
 * @throws {InvalidArgumentError} naming what is missing, unknown or leads nowhere
 */
export function defineAggregate<
  const Type extends string,
  StateSchema extends AnySchema,
  Events extends EventDeclarations,
  Commands extends CommandDeclarations,
  const CreatedBy extends keyof Commands & string = Extract<keyof Commands, `Create${Type}`>,
>(
  declaration: Declaration<Type, StateSchema, Events, Commands, CreatedBy>,
): AggregateDefinition<Type, InferOutput<StateSchema>, Events, Commands, NoInfer<CreatedBy>> {
  type State = InferOutput<StateSchema>;
  checkDeclaration(declaration);
  const { type, id, state, stateVersion = "1", initialState, events, commands, snapshots, createdBy } = declaration;
  const eventTypes = eventTypesOf(events);
  checkEventTypes(eventTypes);
  const decide = new Map<string, DecideHandlers<State, Events, Commands>[keyof Commands]>(
    Object.entries(declaration.decide),
  );
  const evolve = new Map<string, EvolveHandlers<State, Events>[keyof Events]>(Object.entries(declaration.evolve));
  const creates = `Create${type}`;
  return {
    aggregateType: type,
    id,
    eventTypes,
    stateVersion,
    stateSchema: state,
    snapshots,
    events,
    commands,
    createdBy: createdBy ?? (Object.hasOwn(commands, creates) ? (creates as CreatedBy) : undefined),
    initialState,
    decide(command, before, metadata) {
      const handler = decide.get(command.type);
      if (!handler) throw new InvalidArgumentError("command.type", command.type, oneOf(commands));
      return handler(command, before, metadata);
    },
    // An event of a type that is not declared was stored by other code: the state does not show it.
    evolve(before, event) {
      const handler = evolve.get(event.eventType);
      return handler ? handler(before, event) : before;
    },
  };
}

/** A declaration as it may come from code that no compiler has seen. */
interface Unchecked {
  readonly type: string;
  readonly id?: unknown;
  readonly state: unknown;
  readonly stateVersion?: string;
  readonly initialState: unknown;
  readonly events: object;
  readonly commands: object;
  readonly decide: object;
  readonly evolve: object;
  readonly snapshots?: SnapshotPolicy;
  readonly createdBy?: string;
}

const DECLARATION: Fields<Unchecked> = {
  type: true,
  id: true,
  state: true,
  stateVersion: true,
  initialState: true,
  events: true,
  commands: true,
  decide: true,
  evolve: true,
  snapshots: true,
  createdBy: true,
};

const POLICY: Fields<SnapshotPolicy> = { every: true, at: true };

function checkDeclaration(declaration: Unchecked): void {
  checkFields("aggregate", declaration, DECLARATION);
  const { type, id, state, initialState, events, commands, decide, evolve, snapshots = {}, createdBy } = declaration;
  checkKeyText("aggregate.type", type, MAX_AGGREGATE_TYPE_BYTES);
  const at = `aggregate ${type}:`;
  if (!isSchema(state)) throw new InvalidArgumentError(`${at} state`, state, "a schema of the state");
  if (id !== undefined && !isSchema(id)) throw new InvalidArgumentError(`${at} id`, id, "a schema of entity ids");
  checkNames(`${at} events`, events);
  checkNames(`${at} commands`, commands);
  for (const [name, schema] of Object.entries(commands))
    if (!isSchema(schema)) throw new InvalidArgumentError(`${at} commands.${name}`, schema, "a schema of its data");
  checkHandlers(`${at} decide`, decide, commands);
  checkHandlers(`${at} evolve`, evolve, events);
  checkFields(`${at} snapshots`, snapshots, POLICY);
  const { every = 1, at: significant = [] } = snapshots;
  if (!Number.isInteger(every) || every < 1)
    throw new InvalidArgumentError(`${at} snapshots.every`, every, "an integer of at least 1");
  for (const name of [...significant])
    if (!Object.hasOwn(events, name)) throw new InvalidArgumentError(`${at} snapshots.at`, name, oneOf(events));
  if (createdBy !== undefined && !Object.hasOwn(commands, createdBy))
    throw new InvalidArgumentError(`${at} createdBy`, createdBy, oneOf(commands));
  const valid = state["~standard"].validate(initialState);
  if (!isThenable(valid) && valid.issues)
    throw new InvalidArgumentError(
      `${at} initialState`,
      initialState,
      `what its schema takes: ${valid.issues[0]?.message}`,
    );
}

/** @throws {InvalidArgumentError} for what is no object, and for a name that no route and no key can hold */
function checkNames(field: string, names: object): void {
  if (typeof names !== "object" || names === null) throw new InvalidArgumentError(field, names, "an object by name");
  for (const name of Object.keys(names))
    if (!NAME.test(name))
      throw new InvalidArgumentError(field, name, "names of letters, digits, dots and dashes, a letter first");
}

const NAME = /^[A-Za-z][\w.-]{0,127}$/;

function checkHandlers(field: string, handlers: object, names: object): void {
  if (typeof handlers !== "object" || handlers === null)
    throw new InvalidArgumentError(
      field,
      handlers,
      `an object with a function for each of ${Object.keys(names).join(", ")}`,
    );
  for (const name of Object.keys(handlers))
    if (!Object.hasOwn(names, name)) throw new InvalidArgumentError(field, name, oneOf(names));
  const given = new Map<string, unknown>(Object.entries(handlers));
  for (const name of Object.keys(names))
    if (typeof given.get(name) !== "function")
      throw new InvalidArgumentError(`${field}.${name}`, given.get(name), "a function");
}

const oneOf = (names: object): string => `one of ${Object.keys(names).join(", ") || "none"}`;

/** For an event that the state does not show: `evolve: { Viewed: unchanged }`. */
export const unchanged = <State>(state: State): State => state;
