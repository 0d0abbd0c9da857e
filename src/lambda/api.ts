import { handle, type LambdaContext, type LambdaEvent } from "hono/aws-lambda";
import { askCategoryTree, categoryTree } from "../../projections/category-tree.ts";
import { projections } from "../../projections/index.ts";
import { askCatalog, productCatalog } from "../../projections/product-catalog.ts";
import { askPriceHistory, productPriceHistory } from "../../projections/product-price-history.ts";
import { askUserActivity, userActivity } from "../../projections/user-activity.ts";
import { StateCache, Turns } from "../aggregate/index.ts";
import { readConfig } from "../config.ts";
import { createApp, pathsOf, problem, type Queries, READ_ALL_SCOPE, type RequestLine } from "../http/index.ts";
import { createRowReader, GenerationsCache, readStatus } from "../projector/dynamodb/index.ts";
import { type ApiEvent, scopesOf, userIdOf } from "./identity.ts";
import { envelopeOptionsOf } from "./publishing.ts";
import { clock, createLogger, createStore, newId, pause } from "./wiring.ts";

const config = readConfig("api");
const logger = createLogger();
const { store, on } = createStore(config);

const GENERATIONS_MAX_AGE_MS = 2_000;

function wireQueries(): Queries {
  const generations = new GenerationsCache(on, clock, GENERATIONS_MAX_AGE_MS, "reads");
  const catalog = createRowReader(on, generations, productCatalog);
  const history = createRowReader(on, generations, productPriceHistory);
  const tree = createRowReader(on, generations, categoryTree);
  const activity = createRowReader(on, generations, userActivity);
  return {
    product: (productId, atLeastVersion) => catalog.row(productId, atLeastVersion),
    productVersion: (productId) => catalog.checkpoint(productId),
    priceHistoryVersion: (productId) => history.checkpoint(productId),
    products: (query) => askCatalog(catalog, query),
    priceHistory: (productId, page) => askPriceHistory(history, productId, page),
    categories: (query) => askCategoryTree(tree, query),
    activity: (userId, page) => askUserActivity(activity, userId, page),
    projections: () => readStatus({ on, store, projections, clock }),
  };
}

const eventIn = (env: unknown): ApiEvent | undefined => (env as { event?: ApiEvent }).event;

/** A header counts only where the deployment says so. */
function identify(env: unknown, headers: Headers): string | undefined {
  if (config.TRUST_USER_HEADER) return headers.get("x-user-id") || "local-user";
  const event = eventIn(env);
  return event && userIdOf(event, config.USER_ID_FROM);
}

function scopes(env: unknown): readonly string[] {
  if (config.TRUST_USER_HEADER) return [READ_ALL_SCOPE];
  const event = eventIn(env);
  return event ? scopesOf(event, userIdOf(event, config.USER_ID_FROM), config.READ_ALL) : [];
}

function log({ error, ...line }: RequestLine): void {
  const text = `${line.method} ${line.path} ${line.status}`;
  if (error) logger.error(text, { ...line, error });
  else if (line.status >= 400) logger.warn(text, { ...line });
  else logger.info(text, { ...line });
}

const app = createApp({
  store,
  products: { store, cache: new StateCache(config.CACHED_ENTITIES), turns: new Turns() },
  categories: { store, cache: new StateCache(config.CACHED_ENTITIES), turns: new Turns() },
  queries: wireQueries(),
  clock,
  newId,
  identify,
  scopesOf: scopes,
  publishing: envelopeOptionsOf(config),
  log,
  pause,
});

const answer = handle(app);
type Answer = Awaited<ReturnType<typeof answer>>;

/** A request without a body where there may be none, its path as the routes expect it. */
export async function handler(event: ApiEvent, context: LambdaContext): Promise<Answer> {
  const { requestContext, rawPath, body: given, ...request } = event;
  const { method } = requestContext.http;
  const { stage, domainName = "" } = requestContext;
  const isEncoded = config.PATHS_ENCODED || domainName.includes(".lambda-url.");
  const path = pathsOf(app).normalize(method, { path: rawPath, stage, isEncoded });
  // Some emulators send null.
  const body = given || undefined;
  if (body !== undefined && (method === "GET" || method === "HEAD")) return refuseBody(method, path);
  const http = { ...requestContext.http, path };
  const passedOn = {
    ...request,
    ...(body === undefined ? {} : { body }),
    rawPath: path,
    requestContext: { ...requestContext, http },
  };
  // The adapter's types know no identity pool.
  return answer(passedOn as unknown as LambdaEvent, context);
}

function refuseBody(method: string, path: string): Answer {
  const body = problem(400, `${method} takes no body`, { instance: path });
  logger.warn(`${method} ${path} ${body.status}`, { detail: body.detail });
  return {
    statusCode: body.status,
    headers: { "content-type": "application/problem+json" },
    body: JSON.stringify(body),
    isBase64Encoded: false,
  };
}
