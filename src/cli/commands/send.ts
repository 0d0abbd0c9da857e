import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type CommandResult, createCommandHandler } from "../../aggregate/index.ts";
import type { CommandRoute, ServiceDefinition } from "../../definition/index.ts";
import { contentHash, describeIssues, messageOf } from "../../event-store/index.ts";
import { checkIndexShards } from "../check-index-shards.ts";
import { defineCommand } from "../command.ts";
import { UsageError } from "../failure.ts";
import { findAggregate, unknown } from "../find.ts";
import type { Io } from "../io.ts";

/** Sends one command. */
export const send = defineCommand({
  name: "send",
  words: ["command", "[entity]"],
  options: {
    data: { kind: "text", hint: "JSON|@FILE|-", about: "the command's data; - reads standard input; default {}" },
    aggregate: { kind: "text", hint: "TYPE", about: "whose command, where two aggregates have one of the name" },
    "if-version": { kind: "integer", hint: "N", min: 0, about: "only when the entity is at this version" },
    key: { kind: "text", hint: "TEXT", about: "idempotency key: the same key is the same command" },
    user: { kind: "text", hint: "ID", about: "whose command it is; default: USER of this shell" },
    correlation: { kind: "text", hint: "ID", about: "its correlation id; default: a new one" },
  },
  about: "Send a command: load, decide, append",
  details: `It is decided here, by the code of this folder, and stored in the tables; the API has no part in it, so it works
on every stage with the same rights as a function, and the user is whoever --user says. A key is the same as the API's
Idempotency-Key of that user. Without ENTITY a command that creates one makes the id.`,
  example: `send ChangePrice p-1 --data '{"price":{"amount":500,"currency":"EUR"}}' --if-version 3`,
  run: async ({ words: { command, entity }, options }, { io, service, connect, output }) => {
    const { user = io.env.USER ?? "cli", key, correlation = io.newId() } = options;
    const declared = await service();
    const route = findRoute(declared, command, options.aggregate);
    const data = await readData(io, options.data ?? "{}");
    const entityId = await checkedId(route, entity ?? madeId(route, io));
    const connection = await connect();
    await checkIndexShards(connection);
    const { store } = connection;
    const handle = createCommandHandler(declared, { store, clock: io.clock });
    const result = await handle(route.aggregate.aggregateType, {
      entityId,
      command: { type: route.command, data },
      userId: user,
      correlationId: correlation,
      commandId: key === undefined ? undefined : contentHash([user, key]),
      commandHash: key === undefined ? undefined : contentHash([route.command, data]),
      expectedVersion: options["if-version"],
    });
    const answer = { entityId, ...answerOf(result) };
    await output.result(answer, () => textOf(answer));
    return "done";
  },
});

/** @throws {UsageError} */
function findRoute(service: ServiceDefinition, name: string, aggregate: string | undefined): CommandRoute {
  const own = aggregate === undefined ? undefined : findAggregate(service, aggregate);
  const routes = service.commandRoutes.filter(
    (route) => own === undefined || route.aggregate.aggregateType === own.aggregateType,
  );
  const [found, ...others] = routes.filter((route) => route.command === name);
  if (!found)
    throw unknown(
      "command of the service",
      name,
      routes.map((route) => route.command),
    );
  if (others.length === 0) return found;
  const types = [found, ...others].map((route) => route.aggregate.aggregateType);
  throw new UsageError(`${name} is a command of ${types.join(" and ")}: say which with --aggregate`);
}

async function readData(io: Io, given: string): Promise<object> {
  const isFile = given.startsWith("@");
  const text = await (given === "-"
    ? io.read()
    : isFile
      ? readFile(resolve(io.folder, given.slice(1)), "utf8")
      : given);
  try {
    const data: unknown = JSON.parse(text);
    if (typeof data === "object" && data !== null && !Array.isArray(data)) return data;
  } catch (error) {
    throw new UsageError(`--data: expected a JSON object: ${messageOf(error)}`);
  }
  throw new UsageError(`--data: expected a JSON object, got ${text.slice(0, 100)}`);
}

function madeId({ idField, command }: CommandRoute, { newId }: Io): string {
  if (idField === undefined) throw new UsageError(`${command} changes an entity: expected ENTITY`);
  return newId();
}

/** As the API checks it. @throws {UsageError} */
async function checkedId({ aggregate: { id: schema, aggregateType } }: CommandRoute, id: string): Promise<string> {
  if (!schema) return id;
  const result = await schema["~standard"].validate(id);
  if (result.issues) {
    const issues = describeIssues("id", result.issues).map(({ message }) => message);
    throw new UsageError(`${id} is no id of a ${aggregateType}: ${issues.join("; ")}`);
  }
  return String(result.value);
}

const answerOf = ({ version, events, repeated }: CommandResult<unknown>) => ({
  version,
  events: events.map(({ eventType }) => eventType),
  repeated,
});

function textOf({ entityId, version, events, repeated }: ReturnType<typeof answerOf> & { entityId: string }): string {
  const what = events.length === 0 ? "nothing changed" : events.join(", ");
  return `${entityId} is at version ${version}: ${what}${repeated ? " (stored before, by the same key)" : ""}`;
}
