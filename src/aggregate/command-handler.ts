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
  contentHash,
  describeIssues,
  type EventStore,
  EventStoreError,
  type Fields,
  InvalidArgumentError,
} from "../event-store/index.ts";
import type { CommandResult } from "./command-result.ts";
import { type CommandContext, type CommandRequest, handleCommand } from "./handle-command.ts";
import { KeyedMutex } from "./keyed-mutex.ts";
import { StateCache } from "./state-cache.ts";

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
  const { store, cachedEntities = 1_000, clock = systemClock } = options;
  const contexts = new Map(
    Object.values(service.aggregates).map((aggregate): [string, Context] => [
      aggregate.aggregateType,
      { aggregate, on: { store, cache: new StateCache(cachedEntities), mutex: new KeyedMutex() } },
    ]),
  );
  async function handle(aggregateType: string, request: ServiceCommandRequest<AnyAggregateDefinition>) {
    const found = contexts.get(aggregateType);
    if (!found)
      throw new InvalidArgumentError("aggregateType", aggregateType, `one of ${[...contexts.keys()].join(", ")}`);
    const command = await checkedCommand(found.aggregate, request?.command);
    const { commandId, commandHash = commandId === undefined ? undefined : contentHash(request.command) } = request;
    const now = request.now ?? clock().toISOString();
    return handleCommand(found.on, found.aggregate, { ...request, command, commandHash, now });
  }
  return handle as CommandHandler<Service>;
}

interface Context {
  readonly aggregate: AnyAggregateDefinition;
  readonly on: CommandContext<unknown>;
}

/** A command with what its schema gives out. @throws {CommandSchemaError} */
async function checkedCommand({ commands }: AnyAggregateDefinition, command: Command | undefined): Promise<Command> {
  const type = command?.type;
  const schema: AnySchema | undefined =
    type !== undefined && Object.hasOwn(commands, type) ? commands[type] : undefined;
  if (!command || !schema)
    throw new InvalidArgumentError("command.type", type, `one of ${Object.keys(commands).join(", ")}`);
  const result = await schema["~standard"].validate(command.data);
  if (result.issues) throw new CommandSchemaError(command.type, describeIssues("data", result.issues));
  return { type: command.type, data: result.value };
}

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
