import { EVENTS, READ_MODELS, SNAPSHOTS } from "./engine.ts";

/** A handler as Lambda sees it. */
// biome-ignore lint/suspicious/noExplicitAny: events and contexts of every kind
export type Handler = (event: any, context: any) => Promise<any>;

/** The environment of a function, for handlers that are imported after it is set. */
export function setLambdaEnvironment(more: Readonly<Record<string, string>>): void {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_REGION: "eu-central-1",
    POWERTOOLS_METRICS_DISABLED: "true",
    POWERTOOLS_LOG_LEVEL: "SILENT",
    POWERTOOLS_SERVICE_NAME: "ProductService",
    SERVICE_NAME: "ProductService",
    EVENTS_TABLE: EVENTS,
    SNAPSHOTS_TABLE: SNAPSHOTS,
    READ_MODELS_TABLE: READ_MODELS,
    EVENT_BUS: "ProductService",
    TRUST_USER_HEADER: "true",
    ...more,
  });
}

/** A request as the gateway hands it to the API's function. */
export function apiEvent(method: string, path: string, body?: object, headers: object = {}): object {
  const [rawPath = "", rawQueryString = ""] = path.split("?");
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString,
    headers: { "content-type": "application/json", "x-user-id": "ann", ...headers },
    requestContext: { http: { method, path: rawPath }, domainName: "api" },
    ...(body ? { body: JSON.stringify(body) } : {}),
    isBase64Encoded: false,
  };
}
