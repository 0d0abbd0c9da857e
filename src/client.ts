import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import * as z from "zod";
import { randomId, systemClock } from "./event-store/defaults.ts";
import { checkFields, type Fields } from "./event-store/validate.ts";
import { CATEGORY_ACTIONS, createCategory, createProduct, PRODUCT_ACTIONS } from "./product/index.ts";

type Input<Schema extends z.ZodType> = z.input<Schema>;
type NewProduct = Input<typeof createProduct> & { readonly productId?: string };
type NewCategory = Input<typeof createCategory> & { readonly categoryId?: string };

const accepted = z.object({
  entityId: z.string(),
  version: z.int(),
  events: z.array(z.string()),
  repeated: z.boolean(),
});
export type Accepted = z.infer<typeof accepted>;

const problem = z.looseObject({ type: z.string(), title: z.string(), status: z.int(), detail: z.string() });
export type ProblemDocument = z.infer<typeof problem>;

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

const SAFE_TO_RETRY = new Set([429, 500, 502, 503, 504]);
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 60_000;

const defaultPause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** `undefined` fields are left out. */
const present = (headers: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

class Sender {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  async #signed(
    method: string,
    url: URL,
    headers: Record<string, string>,
    body: string | undefined,
  ): Promise<Record<string, string>> {
    const { iam } = this.#options;
    if (!iam) return headers;
    const signer = new SignatureV4({ service: "execute-api", sha256: Sha256, ...iam });
    const request = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...headers, host: url.host },
      ...(body === undefined ? {} : { body }),
    });
    return request.headers;
  }

  async #once(
    method: string,
    url: URL,
    headers: Record<string, string>,
    body: string | undefined,
  ): Promise<Response | undefined> {
    const { fetch: send = fetch } = this.#options;
    const signed = await this.#signed(method, url, headers, body);
    try {
      return await send(url, { method, headers: signed, ...(body === undefined ? {} : { body }) });
    } catch {
      return undefined;
    }
  }

  /** Sends until there is an answer that sending again would not change. Every request carries what makes that safe. */
  async send(
    method: string,
    path: string,
    more: { headers?: Record<string, string>; body?: unknown } = {},
  ): Promise<Response> {
    const { baseUrl, attempts = 4, pause = defaultPause, headers = {} } = this.#options;
    const url = new URL(baseUrl.replace(/\/+$/, "") + path);
    const body = more.body === undefined ? undefined : JSON.stringify(more.body);
    const all = { ...headers, ...more.headers, ...(body === undefined ? {} : { "content-type": "application/json" }) };
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.#once(method, url, all, body);
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

async function readAnswer(response: Response): Promise<unknown> {
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return body;
  throw new ProblemError(
    response.status,
    problem.safeParse(body).data,
    response.headers.get("x-correlation-id") ?? undefined,
  );
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
};

const COMMAND: Fields<CommandOptions> = {
  expectedVersion: true,
  idempotencyKey: true,
  correlationId: true,
  causationId: true,
};

/**
 * A client of the service's API. Commands may be sent again: each carries an Idempotency-Key.
 *
 * @throws {InvalidArgumentError} for an unknown option, here and in each call
 */
export function createClient(options: ClientOptions) {
  checkFields("options", options, OPTIONS);
  const sender = new Sender(options);
  const newId = options.newId ?? randomId;

  async function post(path: string, schema: z.ZodType, body: unknown, command: CommandOptions = {}): Promise<Accepted> {
    checkFields("command", command, COMMAND);
    const { expectedVersion, idempotencyKey = newId(), correlationId = newId(), causationId } = command;
    const headers = present({
      "idempotency-key": idempotencyKey,
      "x-correlation-id": correlationId,
      "x-causation-id": causationId,
      "if-match": expectedVersion === undefined ? undefined : `"${expectedVersion}"`,
    });
    const response = await sender.send("POST", path, { headers, body: schema.parse(body) });
    return accepted.parse(await readAnswer(response));
  }

  const at = (collection: string, id: string, action: string) => `/${collection}/${encodeURIComponent(id)}/${action}`;

  return {
    createProduct: (body: NewProduct, command?: CommandOptions) =>
      post("/products", createProduct.extend({ productId: z.string().optional() }), body, command),
    createCategory: (body: NewCategory, command?: CommandOptions) =>
      post("/categories", createCategory.extend({ categoryId: z.string().optional() }), body, command),
    product: <Action extends keyof typeof PRODUCT_ACTIONS>(
      productId: string,
      action: Action,
      body: Input<(typeof PRODUCT_ACTIONS)[Action]["body"]>,
      command?: CommandOptions,
    ) => post(at("products", productId, action), PRODUCT_ACTIONS[action].body, body, command),
    category: <Action extends keyof typeof CATEGORY_ACTIONS>(
      categoryId: string,
      action: Action,
      body: Input<(typeof CATEGORY_ACTIONS)[Action]["body"]>,
      command?: CommandOptions,
    ) => post(at("categories", categoryId, action), CATEGORY_ACTIONS[action].body, body, command),
    /** Any query of the API, such as `/products?status=active`. @throws {ProblemError} */
    get: async (path: string): Promise<unknown> => readAnswer(await sender.send("GET", path)),
  };
}
