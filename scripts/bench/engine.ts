import { execFileSync } from "node:child_process";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { startEngine } from "../../src/local/engine.ts";
import { freePort } from "../../src/local/ports.ts";
import { readServiceDefinition } from "../../src/local/read-service.ts";
import type { ServiceDefinition } from "../../src/local/service-definition.ts";
import { createTables } from "../../src/local/tables.ts";

/** serverless.yml as the framework resolves it for the local stage. */
export function resolveService(): ServiceDefinition {
  const args = ["node_modules/serverless/bin/serverless.js", "print", "--format", "json", "--stage", "local"];
  const printed = execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  return readServiceDefinition(JSON.parse(printed.slice(printed.indexOf("{"))));
}

export interface BenchEngine {
  readonly endpoint: string;
  connect(): DynamoDBClient;
  /** One more Events table, without stream and indexes, whose puts the engine does not slow down as it fills. */
  createBareEvents(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** An engine with the service's tables. */
export async function benchEngine(): Promise<BenchEngine> {
  const engine = await startEngine({ port: await freePort() });
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const clients: DynamoDBClient[] = [];
  const connect = () => {
    const client = new DynamoDBClient({ endpoint: engine.endpoint, region: "eu-central-1", credentials });
    clients.push(client);
    return client;
  };
  const { tables } = resolveService();
  await createTables(connect(), tables);
  const createBareEvents = async (name: string): Promise<void> => {
    const events = tables.find(({ logicalId }) => logicalId === "EventsTable");
    if (!events) throw new Error("serverless.yml has no EventsTable");
    const { GlobalSecondaryIndexes: _, StreamSpecification: __, AttributeDefinitions = [], ...create } = events.create;
    const bare = { ...create, TableName: name, AttributeDefinitions: AttributeDefinitions.slice(0, 2) };
    await createTables(connect(), [{ ...events, name, create: bare }]);
  };
  const stop = async () => {
    for (const client of clients) client.destroy();
    await engine.stop();
  };
  return { endpoint: engine.endpoint, connect, createBareEvents, stop };
}
