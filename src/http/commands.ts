import { createRoute, z } from "@hono/zod-openapi";
import { type CommandContext, type CommandResult, commandContexts, handleCommand } from "../aggregate/index.ts";
import type { AnyAggregateDefinition, CommandRoute, ServiceDefinition } from "../definition/index.ts";
import { contentHash } from "../event-store/index.ts";
import type { HttpDependencies } from "./dependencies.ts";
import { requireJson } from "./json-body.ts";
import { preconditionOf, underPrecondition } from "./preconditions.ts";
import { MalformedError } from "./problem.ts";
import { type App, etagOf, type RequestContext, userOf } from "./request.ts";
import { entityId, problemContent, withField, zodOf } from "./schemas.ts";

/** A route for every command of the service. */
export function addCommands(app: App, service: ServiceDefinition, dependencies: HttpDependencies): void {
  const { store, cachedEntities } = dependencies;
  const contexts = commandContexts(service, store, cachedEntities);
  for (const route of service.commandRoutes) {
    const context = contexts.get(route.aggregate) ?? { store };
    if (route.idField === undefined) addAction(app, route, { on: context, dependencies });
    else addCreation(app, route, { ...context, idField: route.idField }, dependencies);
  }
}

function addAction(
  app: App,
  route: CommandRoute,
  { on, dependencies }: { readonly on: CommandContext<unknown>; readonly dependencies: HttpDependencies },
): void {
  const { aggregate, command } = route;
  const body = zodOf(aggregate.commands[command]);
  app.openapi(openApiRoute(route, body, 200), async (context) => {
    const { id } = context.req.valid("param" as never) as { readonly id: string };
    const data = context.req.valid("json" as never) as object;
    const sent: unknown = await context.req.json();
    return answer(context, id, await run(context, { on, route, id, data, sent, dependencies })) as never;
  });
}

/**
 * Without an id in the body one is made; from the Idempotency-Key, so that a repeat finds the same entity. It begins
 * with the collection, for the entities of a service share one space of ids.
 */
function addCreation(
  app: App,
  route: CommandRoute,
  { idField, ...on }: CommandContext<unknown> & { readonly idField: string },
  dependencies: HttpDependencies,
): void {
  const { collection, aggregate, command } = route;
  const body = withField(aggregate.commands[command], idField, idSchemaOf(aggregate));
  app.openapi(openApiRoute(route, body, 201), async (context) => {
    const { [idField]: given, ...data } = context.req.valid("json" as never) as Record<string, unknown>;
    const { [idField]: _, ...sent } = (await context.req.json()) as Record<string, unknown>;
    const id = given ?? (await madeId(context, route, dependencies));
    if (id === "." || id === "..")
      throw new MalformedError(`${idField}: expected an id that a path can hold, got ${id}`);
    if (typeof id !== "string")
      throw new MalformedError(`${idField}: expected a string, and the schema of ids gave ${typeof id}`);
    const result = await run(context, { on, route, id, data, sent, dependencies });
    return answer(context, id, result, `/${collection}/${encodeURIComponent(id)}`) as never;
  });
}

/** An id of the collection where its schema takes that, else a UUID. @throws {MalformedError} when it takes neither */
async function madeId(context: RequestContext, route: CommandRoute, dependencies: HttpDependencies): Promise<string> {
  const { collection, aggregate, idField } = route;
  const key = context.req.header("idempotency-key");
  const hash = key === undefined ? undefined : contentHash([collection, userOf(context, dependencies), key]);
  const own = hash ?? dependencies.newId();
  const candidates = hash === undefined ? [own, `${collection}-${own}`] : [`${collection}-${own}`, uuidOf(own)];
  for (const candidate of candidates) {
    const { success, data } = await idSchemaOf(aggregate).safeParseAsync(candidate);
    if (success && typeof data === "string") return data;
  }
  throw new MalformedError(`${idField}: expected an id, because none that its schema accepts can be generated`);
}

/** A UUID of version 8 (RFC 9562, section 5.8) from a digest. */
function uuidOf(hash: string): string {
  const hex = Buffer.from(hash, "utf8").toString("hex").slice(0, 32).padEnd(32, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function openApiRoute({ aggregate, command, path, idField }: CommandRoute, body: z.ZodType, status: 200 | 201) {
  return createRoute({
    method: "post",
    path,
    summary: command,
    middleware: requireJson,
    request: {
      headers: commandHeaders,
      body: { required: true, content: { "application/json": { schema: body } } },
      ...(idField === undefined ? { params: z.object({ id: idSchemaOf(aggregate) }) } : {}),
    },
    responses: {
      [status]: { description: "Stored", content: { "application/json": { schema: accepted } } },
      ...problems,
    },
  });
}

const idSchemaOf = ({ id }: AnyAggregateDefinition): z.ZodType => (id ? zodOf(id) : entityId);

interface Run {
  readonly on: CommandContext<unknown>;
  readonly route: CommandRoute;
  readonly id: string;
  readonly data: object;
  /** The data as they were sent, without what its schema fills in. */
  readonly sent: unknown;
  readonly dependencies: HttpDependencies;
}

function run(
  context: RequestContext,
  { on, route, id, data, sent, dependencies }: Run,
): Promise<CommandResult<unknown>> {
  const userId = userOf(context, dependencies);
  const key = context.req.header("idempotency-key");
  return underPrecondition(preconditionOf(context.req.header("if-match")), (expectedVersion) =>
    handleCommand(on, route.aggregate, {
      entityId: id,
      command: { type: route.command, data },
      userId,
      correlationId: context.get("correlationId"),
      causationId: context.req.header("x-causation-id"),
      now: dependencies.clock().toISOString(),
      // One user's key is not another's.
      commandId: key === undefined ? undefined : contentHash([userId, key]),
      commandHash: key === undefined ? undefined : contentHash([route.command, sent]),
      expectedVersion,
    }),
  );
}

function answer(
  context: RequestContext,
  entityId: string,
  { version, events, repeated }: CommandResult<unknown>,
  location?: string,
): Response {
  context.header("ETag", etagOf(version));
  if (location) context.header("Location", location);
  const body = { entityId, version, events: events.map(({ eventType }) => eventType), repeated };
  return context.json(body, location ? 201 : 200);
}

export const accepted = z
  .object({
    entityId: z.string(),
    version: z.int().describe("The entity's version after the command, as in the ETag"),
    events: z.array(z.string()).describe("Types of the events that were stored; none when nothing changed"),
    repeated: z.boolean().describe("True when the Idempotency-Key was seen before and nothing was stored"),
  })
  .openapi("Accepted");

export const commandHeaders = z.object({
  "if-match": z
    .string()
    .min(1)
    .optional()
    .describe('The expected version: "7"; one of several, or * for any. Without it a conflict is retried.'),
  "idempotency-key": z.string().min(1).max(200).optional().describe("Recognises a repeat of the command"),
  "x-correlation-id": z.string().min(1).max(200).optional(),
  "x-causation-id": z.string().min(1).max(200).optional().describe("The event that caused the command"),
});

const problems = {
  400: { description: "Malformed", content: problemContent },
  401: { description: "Not authenticated", content: problemContent },
  404: { description: "Unknown", content: problemContent },
  409: { description: "Too many concurrent writes", content: problemContent },
  412: { description: "Not at the expected version", content: problemContent },
  413: { description: "Too large", content: problemContent },
  415: { description: "The body is not said to be JSON", content: problemContent },
  422: { description: "Refused by the rules", content: problemContent },
};
