import { createRoute, z } from "@hono/zod-openapi";
import type { AnyAggregateDefinition, Projection, RowPerEntity } from "../definition/index.ts";
import { checkFields, type Fields, InvalidArgumentError, sortKeys } from "../event-store/index.ts";
import type { RowReaderOf } from "../projector/index.ts";
import type { Identity } from "./access.ts";
import type { HttpDependencies } from "./dependencies.ts";
import { BehindError, NotFoundError } from "./problem.ts";
import { type App, etagOf, identityOf } from "./request.ts";
import { entityId, problemContent } from "./schemas.ts";

/** What a query is asked with. */
export interface QueryRequest<Parameters> {
  /** The `{id}` of the path; empty where it has none. */
  readonly id: string;
  /** The query string, checked. */
  readonly parameters: Parameters;
  readonly identity: Identity;
}

/** A route that answers from read models. */
export interface Query {
  readonly path: string;
  addTo(app: App, dependencies: HttpDependencies): void;
}

interface Declaration<P extends Projection, Parameters extends z.ZodObject> {
  /** `/products` or `/products/{id}/price-history`. */
  readonly path: `/${string}`;
  /** For the OpenAPI document. */
  readonly summary: string;
  /** The projection whose rows are read. */
  readonly of: P;
  /** The schema of the query string; an unknown parameter is refused. Default: no parameters. */
  readonly parameters?: Parameters;
  /** True: `atLeastVersion=N` waits, a few seconds at most, until the projection has read entity `{id}` up to N. Default false. */
  readonly waitsForVersion?: boolean;
  /**
   * The body of the answer.
   *
   * @throws {NotFoundError} for a 404 @throws {ForbiddenError} for a 403
   */
  answer(rows: RowReaderOf<P>, request: QueryRequest<z.output<Parameters>>): Promise<unknown>;
}

/** A query of a projection's rows: a GET route, with its OpenAPI. */
export function defineQuery<P extends Projection, Parameters extends z.ZodObject = typeof none>(
  declaration: Declaration<P, Parameters>,
): Query {
  checkFields("query", declaration, QUERY);
  checkPath(declaration.path);
  const { path, summary, of, waitsForVersion = false } = declaration;
  const parameters = declaration.parameters ?? (none as z.ZodObject as Parameters);
  const query = waitsForVersion ? parameters.extend({ atLeastVersion }) : parameters;
  return {
    path,
    addTo(app, dependencies) {
      const rows = dependencies.rows(of);
      app.openapi(queryRoute(path, summary, query), async (context) => {
        const id = await idOf(of, context.req.param("id") ?? "");
        const { atLeastVersion: wanted, ...given } = context.req.valid("query" as never) as AtLeast &
          z.output<Parameters>;
        const identity = identityOf(context, dependencies);
        await waitForVersion(dependencies, () => rows.checkpoint(id), wanted);
        const body = await declaration.answer(rows, { id, parameters: given as z.output<Parameters>, identity });
        return context.json(inOrder(body), 200) as never;
      });
    },
  };
}

/** The query of one entity's row: its fields and `version`, which is the ETag; `atLeastVersion=N` waits for a version. */
export function defineRowQuery<P extends RowPerEntity<object>>({
  path,
  summary,
  of,
}: Pick<Declaration<P, z.ZodObject>, "path" | "summary" | "of">): Query {
  checkPath(path);
  if (!path.includes("{id}")) throw new InvalidArgumentError("query.path", path, "a path with {id}, of one entity");
  const [noun = "entity"] = Object.keys(of.from).map((type) => type.toLowerCase());
  return {
    path,
    addTo(app, dependencies) {
      const rows = dependencies.rows<RowPerEntity<object>>(of);
      app.openapi(queryRoute(path, summary, z.strictObject({ atLeastVersion })), async (context) => {
        const id = await idOf(of, context.req.param("id") ?? "");
        const { atLeastVersion: wanted } = context.req.valid("query" as never) as AtLeast;
        await waitForVersion(dependencies, () => rows.checkpoint(id), wanted);
        const found = await rows.row(id, wanted);
        if (!found) throw new NotFoundError(`there is no ${noun} ${id}`);
        context.header("ETag", etagOf(found.version));
        return context.json(inOrder({ ...found.row, version: found.version }), 200) as never;
      });
    },
  };
}

const POLLS = 20;
const POLL_EVERY_MS = 100;

/** Reading your own write: waits, bounded, until the read model has reached the version. */
async function waitForVersion(
  { pause }: HttpDependencies,
  versionNow: () => Promise<number>,
  wanted: number | undefined,
): Promise<void> {
  if (wanted === undefined) return;
  let reached = await versionNow();
  for (let look = 0; reached < wanted && look < POLLS; look += 1) {
    await pause(POLL_EVERY_MS);
    reached = await versionNow();
  }
  if (reached < wanted) throw new BehindError(reached, wanted);
}

/** The id as the schema of its aggregate gives it out, as commands take it; any other as it is. */
async function idOf({ aggregates = [] }: Projection, id: string): Promise<string> {
  const [only, other] = aggregates as readonly Partial<AnyAggregateDefinition>[];
  const result = other === undefined ? await only?.id?.["~standard"].validate(id) : undefined;
  return result && !result.issues && typeof result.value === "string" ? result.value : id;
}

/** @throws {InvalidArgumentError} for a parameter of the path other than `{id}` */
function checkPath(path: string): void {
  const parameters = path.match(/\{[^}]*\}/g) ?? [];
  if (!path.startsWith("/") || parameters.length > 1 || parameters.some((one) => one !== "{id}"))
    throw new InvalidArgumentError("query.path", path, "a path that begins with / and has at most the parameter {id}");
}

const QUERY: Fields<Declaration<Projection, z.ZodObject>> = {
  path: true,
  summary: true,
  of: true,
  parameters: true,
  waitsForVersion: true,
  answer: true,
};

export function queryRoute(path: string, summary: string, query: z.ZodObject) {
  const params = path.includes("{id}") ? z.object({ id: entityId }) : z.object({});
  return createRoute({ method: "get", path, summary, request: { query, params }, responses });
}

interface AtLeast {
  readonly atLeastVersion?: number | undefined;
}

const none = z.strictObject({});
const atLeastVersion = z.coerce.number().int().min(1).optional();

/** Parameters of a query with pages. */
export const pageParameters = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).optional(),
  cursor: z.string().min(1).max(5_000).optional(),
});

/** Maps come out of the table in any order of their keys; equal answers must have equal tags. */
const inOrder = (answer: unknown): object => JSON.parse(JSON.stringify(answer, sortKeys)) as object;

const anyJson = { "application/json": { schema: z.unknown() } };

const responses = {
  200: { description: "Found", content: anyJson },
  400: { description: "Malformed", content: problemContent },
  404: { description: "Unknown", content: problemContent },
  403: { description: "Forbidden", content: problemContent },
  409: { description: "The read model is behind the version that was asked for: ask again", content: problemContent },
  503: { description: "Not available", content: problemContent },
};
