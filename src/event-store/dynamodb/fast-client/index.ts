import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import type { HttpMessage } from "./http.ts";
import { directProtocol, type Protocol } from "./protocol.ts";
import { PooledRequestHandler, type RequestHandlerOptions } from "./request-handler.ts";
import { type Credentials, KeepingSigner } from "./signer.ts";

export { PooledRequestHandler } from "./request-handler.ts";
export { KeepingSigner } from "./signer.ts";

/** As the SDK's, save that `requestHandler` takes agents and timeouts; a handler of one's own is used as it is. */
export interface FastDynamoDBClientConfig extends Omit<DynamoDBClientConfig, "requestHandler"> {
  readonly requestHandler?: RequestHandlerOptions | NonNullable<DynamoDBClientConfig["requestHandler"]>;
}

/**
 * A `DynamoDBClient` that takes about two thirds of the processor time (docs/performance.md), by the SDK's own extension points:
 * request handler, signer, protocol, `cacheMiddleware`. Credentials providers, retries, TLS, endpoints, the correction of a
 * wrong clock and the middleware that others add are the SDK's. With `cacheMiddleware`, which is on, the SDK keeps what it
 * has put together at the first request: add middleware before it, and turn it off for a `DynamoDBDocumentClient`.
 *
 * @example
 * const store = new DynamoDBEventStore(createFastDynamoDBClient(), "Shop-Events", "Shop-Snapshots");
 */
export function createFastDynamoDBClient(config: FastDynamoDBClientConfig = {}): DynamoDBClient {
  const { requestHandler: handling = {}, ...rest } = config;
  const requestHandler = "handle" in handling ? handling : new PooledRequestHandler(handling as RequestHandlerOptions);
  const client: DynamoDBClient = new DynamoDBClient({
    cacheMiddleware: true,
    ...rest,
    requestHandler: requestHandler as NonNullable<DynamoDBClientConfig["requestHandler"]>,
    ...(rest.signer ? {} : { signer: async () => signer }),
  });
  const { credentials, region } = client.config;
  const signer = new KeepingSigner(() => credentials() as Promise<Credentials>, region);
  const configured = client.config as { protocol: Protocol };
  configured.protocol = directProtocol(configured.protocol);
  if (!config.logger) client.middlewareStack.remove("loggerMiddleware");
  keepUserAgent(client);
  return client;
}

/** The SDK puts the same text together for every request; here it is put together once. */
function keepUserAgent({ config, middlewareStack }: DynamoDBClient): void {
  const name = "getUserAgentMiddleware";
  let known: string | undefined;
  middlewareStack.remove(name);
  middlewareStack.add(
    (next) => async (args) => {
      known ??= await userAgentOf(config);
      Object.assign((args.request as HttpMessage).headers, { "user-agent": known });
      return next(args);
    },
    { step: "build", priority: "low", tags: ["SET_USER_AGENT", "USER_AGENT"], name },
  );
}

async function userAgentOf(config: DynamoDBClient["config"]): Promise<string> {
  const { defaultUserAgentProvider, customUserAgent = [], userAgentAppId } = config;
  const appId = await userAgentAppId();
  const app: readonly [string, string][] = appId ? [["app", appId]] : [];
  return [...(await defaultUserAgentProvider()), ...app, ...customUserAgent]
    .map((pair) =>
      pair
        .filter(Boolean)
        .join("/")
        .replace(/[^!$%&'*+\-.^_`|~\w#/]/g, "-"),
    )
    .join(" ");
}
