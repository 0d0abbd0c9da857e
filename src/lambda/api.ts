import type { APIGatewayEventRequestContextV2, APIGatewayProxyEventV2WithRequestContext } from "aws-lambda";
import { handle } from "hono/aws-lambda";
import { askCategoryTree, categoryTree } from "../../projections/category-tree.ts";
import { projections } from "../../projections/index.ts";
import { askCatalog, productCatalog } from "../../projections/product-catalog.ts";
import { askPriceHistory, productPriceHistory } from "../../projections/product-price-history.ts";
import { askUserActivity, userActivity } from "../../projections/user-activity.ts";
import { StateCache, Turns } from "../aggregate/index.ts";
import { readConfig } from "../config.ts";
import { createApp, type Queries, type RequestLine } from "../http/index.ts";
import { createRowReader, GenerationsCache, readStatus } from "../projector/index.ts";
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

type Authorizer = { jwt?: { claims?: Record<string, unknown> }; iam?: { userArn?: string } };
type ApiEvent = APIGatewayProxyEventV2WithRequestContext<APIGatewayEventRequestContextV2 & { authorizer?: Authorizer }>;

/** Who asks: what the authorizer vouches for. A header counts only where the deployment says so. */
function identify(env: unknown, headers: Headers): string | undefined {
  if (config.TRUST_USER_HEADER) return headers.get("x-user-id") || "local-user";
  const { event } = env as { event?: ApiEvent };
  const { jwt, iam } = event?.requestContext.authorizer ?? {};
  const subject = jwt?.claims?.sub;
  return typeof subject === "string" ? subject : iam?.userArn;
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
  log,
  pause,
});

export const handler = handle(app);
