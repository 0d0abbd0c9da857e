import type {
  AggregateOf,
  AnyAggregateDefinition,
  Command,
  CommandInputOf,
  ServiceDefinition,
  StateOf,
} from "../definition/index.ts";
import { systemClock } from "../event-store/defaults.ts";
import {
  type AnySchema,
  checkFields,
  describeIssues,
  type EventStore,
  EventStoreError,
  type Fields,
  InvalidArgumentError,
} from "../event-store/index.ts";
import { commandContexts } from "./command-contexts.ts";
import type { CommandRequest } from "./command-request.ts";
import type { CommandResult } from "./command-result.ts";
import { handleCommand } from "./handle-command.ts";
import { copyOf, identityOf } from "./sent-command.ts";

export interface CommandHandlerOptions {
  readonly store: EventStore;
  /** Entities of each aggregate whose state is kept between commands. At least 1, default 1,000. */
  readonly cachedEntities?: number;
  /** What `decide` sees as the time, where a request does not say. Default: the system's. */
  readonly clock?: () => Date;
}

/** A command of an aggregate, as its caller sends it. */
export type ServiceCommandRequest<A extends AnyAggregateDefinition> = Omit<
  CommandRequest<Command>,
  "command" | "now"
> & {
  readonly command: CommandInputOf<A["commands"]>;
  /** ISO 8601. Default: the clock's. */
  readonly now?: string;
};

/** Runs a command of an aggregate, by its type. */
export type CommandHandler<Service> = <Type extends AggregateOf<Service>["aggregateType"]>(
  aggregateType: Type,
  request: ServiceCommandRequest<Extract<AggregateOf<Service>, { readonly aggregateType: Type }>>,
) => Promise<CommandResult<StateOf<Extract<AggregateOf<Service>, { readonly aggregateType: Type }>>>>;

/**
 * Creates the command handler of a service: validates the data by its schema, then runs `handleCommand`, with a cache of
 * states, one command of an entity after another within this process.
 *
 * @example
 * const handle = createCommandHandler(productService, { store });
 * const command = { type: "ChangePrice", data: { price } } as const;
 * await handle("Product", { entityId: "p-1", command, userId: "ann", correlationId: "c-1" });
 */
export function createCommandHandler<Service extends ServiceDefinition>(
  service: Service,
  options: CommandHandlerOptions,
): CommandHandler<Service> {
  checkFields("options", options, OPTIONS);
  const { store, cachedEntities, clock = systemClock } = options;
  const contexts = commandContexts(service, store, cachedEntities);
  const aggregates = new Map([...contexts.keys()].map((aggregate) => [aggregate.aggregateType, aggregate]));
  async function handle(aggregateType: string, request: ServiceCommandRequest<AnyAggregateDefinition>) {
    const aggregate = aggregates.get(aggregateType);
    const context = aggregate && contexts.get(aggregate);
    if (!aggregate || !context)
      throw new InvalidArgumentError("aggregateType", aggregateType, `one of ${[...aggregates.keys()].join(", ")}`);
    if (request?.command === undefined) throw unknownCommand(aggregate, undefined);
    // What the caller makes of the request while its schema answers changes nothing.
    const { commandId, ...rest } = request;
    const sent = copyOf(request.command);
    const identity = commandId === undefined ? undefined : identityOf(commandId, sent);
    const command = await checkedCommand(aggregate, sent);
    const { commandHash = identity?.hash, now = clock().toISOString() } = rest;
    return handleCommand(context, aggregate, { ...rest, command, commandId, commandHash, now });
  }
  return handle as CommandHandler<Service>;
}

/** A command with what its schema gives out. @throws {CommandSchemaError} */
async function checkedCommand(aggregate: AnyAggregateDefinition, command: Command): Promise<Command> {
  const { commands } = aggregate;
  const schema: AnySchema | undefined = Object.hasOwn(commands, command.type) ? commands[command.type] : undefined;
  if (!schema) throw unknownCommand(aggregate, command.type);
  const result = await schema["~standard"].validate(command.data);
  if (result.issues) throw new CommandSchemaError(command.type, describeIssues("data", result.issues));
  return { type: command.type, data: result.value };
}

const unknownCommand = ({ commands }: AnyAggregateDefinition, type: unknown): InvalidArgumentError =>
  new InvalidArgumentError("command.type", type, `one of ${Object.keys(commands).join(", ")}`);

/** The data of a command do not fit its schema. Nothing was stored. */
export class CommandSchemaError extends EventStoreError {
  readonly code = "COMMAND_SCHEMA";
  constructor(
    readonly command: string,
    readonly issues: readonly { readonly path: string; readonly message: string }[],
  ) {
    super(`${command} does not fit its schema: ${issues.map((one) => `${one.path}: ${one.message}`).join("; ")}`);
  }
}

const OPTIONS: Fields<CommandHandlerOptions> = { store: true, cachedEntities: true, clock: true };
