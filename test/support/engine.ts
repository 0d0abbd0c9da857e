import { readFileSync } from "node:fs";
import type { DynamoDBClient, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { createFastDynamoDBClient } from "../../src/event-store/dynamodb/index.ts";
import { type Engine, startEngine } from "../../src/local/engine.ts";
import { freePort } from "../../src/local/ports.ts";
import { readServiceDefinition } from "../../src/local/read-service.ts";
import type { ServiceDefinition, TableDefinition } from "../../src/local/service-definition.ts";
import { createTables } from "../../src/local/tables.ts";

export const EVENTS = "ProductService-Events";
export const SNAPSHOTS = "ProductService-Snapshots";
export const READ_MODELS = "ProductService-ReadModels";

/** serverless.yml as the framework resolved it for this run of the tests. */
export function serviceDefinition(): ServiceDefinition {
  return readServiceDefinition(JSON.parse(readFileSync(String(process.env.STREAMFOLD_SERVICE), "utf8")));
}

const SHARDED_KEYS: Readonly<Record<string, string>> = { aggregateType: "aggregateTypeShard", userId: "userIdShard" };

/**
 * One more Events table, as `--param indexShards=N` makes it. The test of the template holds
 * serverless.yml to the same keys.
 */
export function eventsTable(name: string, indexShards = 1): TableDefinition {
  const events = serviceDefinition().tables.find(({ logicalId }) => logicalId === "EventsTable");
  const text = JSON.stringify(events).replaceAll(EVENTS, name);
  const keyOf = (key: string) => (indexShards > 1 ? SHARDED_KEYS[key] : key);
  const renamed = text.replace(
    /"AttributeName":"(aggregateType|userId)"/g,
    (_, key) => `"AttributeName":"${keyOf(key)}"`,
  );
  return JSON.parse(renamed) as TableDefinition;
}

export interface TestEngine {
  readonly endpoint: string;
  readonly client: DynamoDBClient;
  readonly streamArn: string;
  /** A client of its own, to hang faults into. */
  connect(config?: DynamoDBClientConfig): DynamoDBClient;
  stop(): Promise<void>;
}

export const localCredentials = { accessKeyId: "local", secretAccessKey: "local" };

const folders = new WeakMap<DynamoDBClient, string>();

/** The data folder of the engine that a client of these tests talks to. */
export function folderOf(client: DynamoDBClient): string {
  const folder = folders.get(client);
  if (folder === undefined) throw new Error("the client is none of a test engine");
  return folder;
}

/** An engine with the tables of serverless.yml. */
export async function startTestEngine(): Promise<TestEngine> {
  const engine: Engine = await startEngine({ port: await freePort() });
  const clients: DynamoDBClient[] = [];
  const connect = (config: DynamoDBClientConfig = {}): DynamoDBClient => {
    const { endpoint } = engine;
    // Tests add middleware between requests, and document clients.
    const client = createFastDynamoDBClient({
      cacheMiddleware: false,
      endpoint,
      region: "eu-central-1",
      credentials: localCredentials,
      ...config,
    });
    clients.push(client);
    folders.set(client, engine.folder);
    return client;
  };
  const client = connect();
  const tables = await createTables(client, serviceDefinition().tables);
  const streamArn = tables.get("EventsTable")?.streamArn ?? "";
  async function stop(): Promise<void> {
    for (const one of clients) one.destroy();
    await engine.stop();
  }
  return { endpoint: engine.endpoint, client, streamArn, connect, stop };
}

export const documents = (client: DynamoDBClient): DynamoDBDocumentClient => DynamoDBDocumentClient.from(client);
