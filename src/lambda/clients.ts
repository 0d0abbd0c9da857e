import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, type EventBridgeClientConfig } from "@aws-sdk/client-eventbridge";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { createFastDynamoDBClient, KeepingSigner, PooledRequestHandler } from "../event-store/dynamodb/index.ts";
import { type Reporting, reportRequests } from "./report-requests.ts";

/** The clients of this library, which take less processor time (docs/performance.md), or the SDK's as they come. */
export type ClientKind = "fast" | "sdk";

/** A request that hangs is given up and sent again well before the function's own time is over. */
const requestHandler = { requestTimeout: 5_000, throwOnRequestTimeout: true, connectionTimeout: 1_000 };

const DOCUMENTS = { marshallOptions: { removeUndefinedValues: true } };

/** The clients of items and of documents; the fast ones share their connections. */
export function createDynamoDBClients(
  kind: ClientKind,
  reporting?: Reporting,
): {
  readonly client: DynamoDBClient;
  readonly documents: DynamoDBDocumentClient;
} {
  if (kind === "sdk") {
    const client = new DynamoDBClient({ requestHandler });
    if (reporting) reportRequests(client, reporting);
    return { client, documents: DynamoDBDocumentClient.from(client, DOCUMENTS) };
  }
  const client = createFastDynamoDBClient({ requestHandler });
  const { requestHandler: shared, credentials } = client.config;
  const other = createFastDynamoDBClient({ requestHandler: shared, credentials, cacheMiddleware: false });
  if (reporting) for (const one of [client, other]) reportRequests(one, reporting);
  return { client, documents: DynamoDBDocumentClient.from(other, DOCUMENTS) };
}

export function createEventBridgeClient(kind: ClientKind, config: EventBridgeClientConfig = {}): EventBridgeClient {
  if (kind === "sdk") return new EventBridgeClient({ requestHandler, ...config });
  const client: EventBridgeClient = new EventBridgeClient({
    cacheMiddleware: true,
    requestHandler: new PooledRequestHandler(requestHandler) as NonNullable<EventBridgeClientConfig["requestHandler"]>,
    signer: async () => signer,
    ...config,
  });
  const { credentials, region } = client.config;
  const signer = new KeepingSigner(credentials, region, "events");
  return client;
}
