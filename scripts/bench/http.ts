import type { Context } from "aws-lambda";
import { createFastDynamoDBClient, DynamoDBEventStore } from "../../src/event-store/dynamodb/index.ts";
import { createApiHandler } from "../../src/lambda/api.ts";
import type { ApiEvent } from "../../src/lambda/identity.ts";
import { queries } from "../../src/product/queries.ts";
import { productService } from "../../src/product/service.ts";
import { type BenchEngine, benchEngine } from "./engine.ts";
import { type Measured, measure, type Pace, type Side } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import { measuredRows, type Section } from "./report.ts";
import { round } from "./statistics.ts";

const EVENTS = "Http-Events";
const SNAPSHOTS = "ProductService-Snapshots";

/** A hot command through the API's handler, beside the bare append of the event that it stores; both with the fast client. */
export async function measureHttp(pace: Pace): Promise<Measured[]> {
  const engine = await benchEngine();
  try {
    await engine.createEvents(EVENTS, "declared");
    return await measure([bareAppend(engine), command(engine)], { ...pace, engineCpuMicros: engine.cpuMicros });
  } finally {
    await engine.stop();
  }
}

const price = (n: number) => ({ price: { amount: n, currency: "USD" } });

function bareAppend({ clientConfig }: BenchEngine): Side {
  const aggregates = Object.values(productService.aggregates);
  const store = new DynamoDBEventStore(createFastDynamoDBClient(clientConfig), EVENTS, SNAPSHOTS, { aggregates });
  let version = 0;
  return {
    name: "bare append",
    operate: async () => {
      const eventData = { ...price(version + 1), previousPrice: price(version).price };
      version = await store.appendEvent("Product", "bare", "PriceUpdated", eventData, "ann", "c-1", version);
    },
  };
}

function command({ clientConfig }: BenchEngine): Side {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_REGION: clientConfig.region,
    AWS_ENDPOINT_URL_DYNAMODB: clientConfig.endpoint,
    POWERTOOLS_LOG_LEVEL: "SILENT",
    SERVICE_NAME: "ProductService",
    EVENTS_TABLE: EVENTS,
    SNAPSHOTS_TABLE: SNAPSHOTS,
    READ_MODELS_TABLE: "ProductService-ReadModels",
    TRUST_USER_HEADER: "true",
  });
  const handler = createApiHandler(productService, queries);
  const send = async (path: string, body: object) => {
    const answer = await handler(requestOf(path, body), {} as Context as never);
    const { statusCode, body: text } = answer as { readonly statusCode: number; readonly body: string };
    if (statusCode >= 300) throw new Error(`POST ${path}: ${statusCode} ${text}`);
  };
  let n = 0;
  return {
    name: "command over HTTP",
    operate: async () => {
      n += 1;
      if (n > 1) return send("/products/p-1/change-price", price(n));
      return send("/products", { productId: "p-1", name: "Tea", ...price(n) });
    },
  };
}

/** As the gateway hands it to the function. */
const requestOf = (rawPath: string, body: object) =>
  ({
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString: "",
    headers: { "content-type": "application/json", "x-user-id": "ann" },
    requestContext: { http: { method: "POST", path: rawPath }, domainName: "api" },
    body: JSON.stringify(body),
    isBase64Encoded: false,
  }) as unknown as ApiEvent;

export async function benchHttp({ rounds }: BenchOptions): Promise<Section[]> {
  const measured = await measureHttp({ rounds });
  const [bare, over] = measured;
  const ratio = over && bare ? round(over.p50Ms / bare.p50Ms) : undefined;
  return [
    {
      title: "http: a command on a product that is in memory",
      rows: measuredRows(measured),
      notes: [`p50 of the command / p50 of the append: ${ratio}`],
    },
  ];
}
