import * as z from "zod";
import { kebabCase } from "./definition/command-routes.ts";
import type { AggregateDefinition, CommandRoute, IdFieldOf, MethodOf } from "./definition/index.ts";
import { randomId, systemClock } from "./event-store/defaults.ts";
import { InvalidArgumentError } from "./event-store/errors.ts";
import { pause as pauseFor } from "./event-store/pause.ts";
import { type AnySchema, describeIssues, type InferInput } from "./event-store/standard-schema.ts";
import { isWellFormed } from "./event-store/thrown.ts";
import { checkFields, type Fields } from "./event-store/validate.ts";
import { type ApiRequest, requestSigner } from "./sign-request.ts";

export type Accepted = z.infer<typeof accepted>;

export type ProblemDocument = z.infer<typeof problem>;

export interface ClientOptions {
  /** Where the API is, with its stage or base path: `https://abc.execute-api.eu-central-1.amazonaws.com/dev`. */
  readonly baseUrl: string;
  /** Makes idempotency keys and correlation ids. Default: random UUIDs. */
  readonly newId?: () => string;
  /** Requests are signed with these, for an API with the IAM authorizer. */
  readonly iam?: {
    readonly region: string;
    readonly credentials: {
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken?: string;
    };
  };
  /** Sent with every request, such as `authorization` for an API with the JWT authorizer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How often a request is sent in all. At least 1, default 4. */
  readonly attempts?: number;
  readonly fetch?: typeof fetch;
  /** For `Retry-After` with a date. Default: the system's. */
  readonly clock?: () => Date;
  /** Milliseconds. Default: a timer. */
  readonly pause?: (milliseconds: number) => Promise<void>;
  /** Bodies are checked by the schemas of this service before they are sent. Default: by the service, when they come. */
  readonly service?: { readonly commandRoutes: readonly CommandRoute[] };
}

export interface CommandOptions {
  /** Only when the entity is at this version; 412 otherwise. */
  readonly expectedVersion?: number;
  /** The same key is the same command, however often it is sent. Default: a new one. */
  readonly idempotencyKey?: string;
  readonly correlationId?: string;
  /** The id of the event that caused the command. */
  readonly causationId?: string;
}

/** A client of a service: its collections with their commands, and `get` for any query of its API. */
export type ServiceClient<Service> = (Service extends { readonly aggregates: infer Aggregates }
  ? { readonly [Collection in keyof Aggregates]: CollectionClient<Aggregates[Collection]> }
  : unknown) & {
  /** Any query of the API, such as `/products?status=active`. @throws {ProblemError} */
  get(path: string): Promise<unknown>;
};

type CollectionClient<A> =
  // biome-ignore lint/suspicious/noExplicitAny: an aggregate of any state and events
  A extends AggregateDefinition<infer Type, any, any, infer Commands, infer CreatedBy>
    ? ((id: string) => EntityClient<Omit<Commands, CreatedBy>, Type>) & Creation<Commands, Type, CreatedBy>
    : never;

type EntityClient<Commands, Type extends string> = {
  readonly [Command in keyof Commands & string as MethodOf<Command, Type>]: Send<InferInput<Commands[Command]>>;
};

type Creation<Commands, Type extends string, CreatedBy> = [CreatedBy] extends [never]
  ? unknown
  : {
      /** Without an id one is made. */
      readonly create: Send<
        InferInput<Commands[CreatedBy & keyof Commands]> & { readonly [Field in IdFieldOf<Type>]?: string }
      >;
    };

/** @throws {ProblemError} when the service refuses the command */
type Send<Body> = (body: Body, options?: CommandOptions) => Promise<Accepted>;

/**
 * A client of a service's API, typed by the service's declaration: no code of the service is needed. Commands may be
 * sent again: each carries an Idempotency-Key.
 *
 * @example
 * const client = createClient<typeof productService>({ baseUrl });
 * const { entityId } = await client.products.create({ name: "Tea", price: { amount: 450, currency: "EUR" } });
 * await client.products(entityId).changePrice({ price: { amount: 500, currency: "EUR" } }, { expectedVersion: 1 });
 * @throws {InvalidArgumentError} for an unknown option, here and in each call
 */
export function createClient<Service>(options: ClientOptions): ServiceClient<Service> {
  checkFields("options", options, OPTIONS);
  if (!URL.canParse(options.baseUrl)) throw new InvalidArgumentError("options.baseUrl", options.baseUrl, "a URL");
  const sender = new Sender(options);
  const newId = options.newId ?? randomId;

  async function post({ path, id = "" }: Route, body: unknown, command: CommandOptions = {}): Promise<Accepted> {
    checkFields("command", command, COMMAND);
    if (id === "." || id === ".." || !isWellFormed(id))
      throw new InvalidArgumentError("id", id, "an id that a path can hold");
    const route = options.service?.commandRoutes.find((one) => one.path === path);
    if (route) await checkBody(route, body);
    const { expectedVersion, idempotencyKey = newId(), correlationId = newId(), causationId } = command;
    const headers = present({
      "idempotency-key": idempotencyKey,
      "x-correlation-id": correlationId,
      "x-causation-id": causationId,
      "if-match": expectedVersion === undefined ? undefined : `"${expectedVersion}"`,
    });
    const response = await sender.send(
      "POST",
      path.replace("{id}", () => encodeURIComponent(id)),
      { headers, body },
    );
    return accepted.parse(await readAnswer(response));
  }

  const entity = (collection: string, id: string) =>
    byName(
      (method) => (body: unknown, command?: CommandOptions) =>
        post({ path: `/${collection}/{id}/${kebabCase(method)}`, id }, body, command),
    );
  const collections = byName((collection) =>
    Object.assign((id: string) => entity(collection, id), {
      create: (body: unknown, command?: CommandOptions) => post({ path: `/${collection}` }, body, command),
    }),
  );
  const get = async (path: string): Promise<unknown> => readAnswer(await sender.send("GET", path));
  return byName((name) => (name === "get" ? get : Reflect.get(collections, name))) as ServiceClient<Service>;
}

class Sender {
  readonly #options: ClientOptions;
  readonly #sign: ((request: ApiRequest) => Promise<Record<string, string>>) | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#sign = options.iam && requestSigner(options.iam);
  }

  async #once(request: ApiRequest): Promise<Response | undefined> {
    const { fetch: send = fetch } = this.#options;
    const { method, url, body } = request;
    const headers = this.#sign ? await this.#sign(request) : { ...request.headers };
    try {
      return await send(url, { method, headers, ...(body === undefined ? {} : { body }) });
    } catch {
      return undefined;
    }
  }

  /** Retries until the response is not retryable. Every request carries what makes a retry safe. */
  async send(
    method: string,
    path: string,
    more: { headers?: Record<string, string>; body?: unknown } = {},
  ): Promise<Response> {
    const { baseUrl, attempts = 4, pause = pauseFor, headers = {} } = this.#options;
    const url = new URL(baseUrl.replace(/\/+$/, "") + path);
    const body = more.body === undefined ? undefined : JSON.stringify(more.body);
    const all = { ...headers, ...more.headers, ...(body === undefined ? {} : { "content-type": "application/json" }) };
    // Invalid headers are reported before the first attempt.
    new Headers(all);
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.#once({ method, url, headers: all, body });
      const isFinal = response !== undefined && !isForLater(method, response);
      if (isFinal || (attempt >= attempts && response)) return response;
      if (attempt >= attempts) throw new Error(`${method} ${url.href}: no answer in ${attempts} attempts`);
      const after = retryAfterMs(response?.headers.get("retry-after"), this.#options.clock ?? systemClock);
      await pause(Math.max(after, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
    }
  }
}

/** A read model that is behind answers 409 and says when to ask again. */
function isForLater(method: string, { status, headers }: Response): boolean {
  return SAFE_TO_RETRY.has(status) || (method === "GET" && status === 409 && headers.has("retry-after"));
}

/** Milliseconds, at most a minute. `Retry-After` is a number of seconds or a date (RFC 9110, section 10.2.3); anything else says nothing. */
function retryAfterMs(header: string | null | undefined, clock: () => Date): number {
  const text = header?.trim() ?? "";
  const after = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - clock().getTime();
  return Number.isFinite(after) ? Math.min(Math.max(0, after), LONGEST_PAUSE_MS) : 0;
}

const SAFE_TO_RETRY = new Set([429, 500, 502, 503, 504]);
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 60_000;

interface Route {
  /** With `{id}` where the id goes. */
  readonly path: string;
  readonly id?: string;
}

/** @throws {InvalidArgumentError} for a body that the schema of its command refuses */
async function checkBody({ aggregate, command, idField = "" }: CommandRoute, body: unknown): Promise<void> {
  const { [idField]: _, ...data } = Object(body) as Record<string, unknown>;
  const schema: AnySchema = aggregate.commands[command];
  const { issues } = await schema["~standard"].validate(data);
  const [issue] = describeIssues(command, issues ?? []);
  if (issue) throw new InvalidArgumentError(issue.path, body, issue.message);
}

/** `undefined` fields are left out. */
const present = (headers: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

async function readAnswer(response: Response): Promise<unknown> {
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return body;
  throw new ProblemError(
    response.status,
    problem.safeParse(body).data,
    response.headers.get("x-correlation-id") ?? undefined,
  );
}

/** A proxy with every property, except symbols and `then`, which would make it a promise. */
const byName = (find: (name: string) => unknown): object =>
  new Proxy({}, { get: (_, name) => (typeof name === "symbol" || name === "then" ? undefined : find(name)) });

const accepted = z.object({
  entityId: z.string(),
  version: z.int(),
  events: z.array(z.string()),
  repeated: z.boolean(),
});

const problem = z.looseObject({ type: z.string(), title: z.string(), status: z.int(), detail: z.string() });

/** The API answered with a problem document (RFC 9457). */
export class ProblemError extends Error {
  readonly code = "PROBLEM";
  constructor(
    readonly status: number,
    readonly problem: ProblemDocument | undefined,
    readonly correlationId: string | undefined,
  ) {
    super(`${status}: ${problem?.detail ?? "no problem document"}`);
    this.name = "ProblemError";
  }
}

const OPTIONS: Fields<ClientOptions> = {
  baseUrl: true,
  newId: true,
  iam: true,
  headers: true,
  attempts: true,
  fetch: true,
  clock: true,
  pause: true,
  service: true,
};

const COMMAND: Fields<CommandOptions> = {
  expectedVersion: true,
  idempotencyKey: true,
  correlationId: true,
  causationId: true,
};
