import { createRoute, z } from "@hono/zod-openapi";
import { type CommandResult, handleCommand } from "../aggregate/index.ts";
import type { Command } from "../definition/index.ts";
import { contentHash } from "../event-store/index.ts";
import {
  CATEGORY_ACTIONS,
  type CategoryCommand,
  category,
  categoryId,
  createCategory,
  createProduct,
  PRODUCT_ACTIONS,
  type ProductCommand,
  product,
  productId,
} from "../product/index.ts";
import type { HttpDependencies } from "./dependencies.ts";
import { preconditionOf, underPrecondition } from "./preconditions.ts";
import { problemSchema } from "./problem.ts";
import { type App, etagOf, type RequestContext, userOf } from "./request.ts";

export const newProduct = createProduct.extend({ productId: productId.optional() });
export const newCategory = createCategory.extend({ categoryId: categoryId.optional() });

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
    .optional()
    .describe('The expected version: "7"; one of several, or * for any. Without it a conflict is retried.'),
  "idempotency-key": z.string().min(1).max(200).optional().describe("Recognises a repeat of the command"),
  "x-correlation-id": z.string().min(1).max(200).optional(),
  "x-causation-id": z.string().min(1).max(200).optional().describe("The event that caused the command"),
});

const problemContent = { "application/problem+json": { schema: problemSchema } };
const problems = {
  400: { description: "Malformed", content: problemContent },
  401: { description: "Not authenticated", content: problemContent },
  404: { description: "Unknown", content: problemContent },
  409: { description: "Lost too many races", content: problemContent },
  412: { description: "Not at the expected version", content: problemContent },
  413: { description: "Too large", content: problemContent },
  422: { description: "Refused by the rules", content: problemContent },
};

function commandRoute(path: string, summary: string, body: z.ZodType, status: 200 | 201) {
  const hasId = path.includes("{id}");
  return createRoute({
    method: "post",
    path,
    summary,
    request: {
      headers: commandHeaders,
      body: { required: true, content: { "application/json": { schema: body } } },
      ...(hasId ? { params: z.object({ id: productId }) } : {}),
    },
    responses: {
      [status]: { description: "Stored", content: { "application/json": { schema: accepted } } },
      ...problems,
    },
  });
}

type Run = (context: RequestContext, entityId: string, command: Command) => Promise<CommandResult<unknown>>;

function runner<C extends Command>(
  dependencies: HttpDependencies,
  handle: (request: Parameters<typeof handleCommand<unknown, C, never>>[2]) => Promise<CommandResult<unknown>>,
): Run {
  return (context, entityId, command) => {
    const userId = userOf(context, dependencies);
    const key = context.req.header("idempotency-key");
    return underPrecondition(preconditionOf(context.req.header("if-match")), (expectedVersion) =>
      handle({
        entityId,
        command: command as C,
        userId,
        correlationId: context.get("correlationId"),
        causationId: context.req.header("x-causation-id"),
        now: dependencies.clock().toISOString(),
        // One user's key is not another's.
        commandId: key === undefined ? undefined : contentHash([userId, key]),
        expectedVersion,
      }),
    );
  };
}

function answer(
  context: RequestContext,
  entityId: string,
  result: CommandResult<unknown>,
  location?: string,
): Response {
  const { version, events, repeated } = result;
  context.header("ETag", etagOf(version));
  if (location) context.header("Location", location);
  const body = { entityId, version, events: events.map(({ eventType }) => eventType), repeated };
  return context.json(body, location ? 201 : 200);
}

function addActions(
  app: App,
  collection: string,
  actions: Readonly<Record<string, { readonly type: string; readonly body: z.ZodType }>>,
  run: Run,
): void {
  for (const [action, { type, body }] of Object.entries(actions)) {
    const route = commandRoute(`/${collection}/{id}/${action}`, type, body, 200);
    app.openapi(route, async (context) => {
      const id = context.req.param("id") ?? "";
      const data = context.req.valid("json" as never) as object;
      return answer(context, id, await run(context, id, { type, data })) as never;
    });
  }
}

/**
 * Without an id in the body one is made; from the Idempotency-Key, so that a repeat finds the same entity. It begins
 * with the collection, for products and categories share one space of ids.
 */
function addCreate(
  app: App,
  collection: string,
  { type, body, idField }: { type: string; body: z.ZodType; idField: string },
  dependencies: HttpDependencies,
  run: Run,
): void {
  const { newId } = dependencies;
  app.openapi(commandRoute(`/${collection}`, type, body, 201), async (context) => {
    const { [idField]: given, ...data } = context.req.valid("json" as never) as Record<string, unknown>;
    const key = context.req.header("idempotency-key");
    const made =
      key === undefined ? newId() : `${collection}-${contentHash([collection, userOf(context, dependencies), key])}`;
    const id = typeof given === "string" ? given : made;
    const result = await run(context, id, { type, data });
    return answer(context, id, result, `/${collection}/${id}`) as never;
  });
}

export function addProductCommands(app: App, dependencies: HttpDependencies): void {
  const run = runner<ProductCommand>(dependencies, (request) => handleCommand(dependencies.products, product, request));
  addCreate(app, "products", { type: "CreateProduct", body: newProduct, idField: "productId" }, dependencies, run);
  addActions(app, "products", PRODUCT_ACTIONS, run);
}

export function addCategoryCommands(app: App, dependencies: HttpDependencies): void {
  const run = runner<CategoryCommand>(dependencies, (request) =>
    handleCommand(dependencies.categories, category, request),
  );
  addCreate(app, "categories", { type: "CreateCategory", body: newCategory, idField: "categoryId" }, dependencies, run);
  addActions(app, "categories", CATEGORY_ACTIONS, run);
}
