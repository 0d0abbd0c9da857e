import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createFastDynamoDBClient } from "../../src/event-store/dynamodb/index.ts";
import { startEngine } from "../../src/local/engine.ts";
import { freePort } from "../../src/local/ports.ts";
import { readServiceDefinition } from "../../src/local/read-service.ts";
import type { ServiceDefinition, TableDefinition } from "../../src/local/service-definition.ts";
import { createTables } from "../../src/local/tables.ts";
import { cpuMicrosOf } from "./cpu.ts";

/** serverless.yml as the framework resolves it for the local stage; a run of the tests has done so already. */
export function resolveService(): ServiceDefinition {
  const { STREAMFOLD_SERVICE: resolved } = process.env;
  if (resolved !== undefined) return readServiceDefinition(JSON.parse(readFileSync(resolved, "utf8")));
  const args = ["node_modules/serverless/bin/serverless.js", "print", "--format", "json", "--stage", "local"];
  const printed = execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  return readServiceDefinition(JSON.parse(printed.slice(printed.indexOf("{"))));
}

/** The AWS client as it comes, or the one that this library makes, for stores or for document clients. */
export type ClientKind = "plain" | "fast" | "documents";
export const CLIENT_KINDS: readonly ClientKind[] = ["plain", "fast"];

export interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Makes every client of the benches. */
const createClient = (kind: ClientKind, config: ClientConfig): DynamoDBClient =>
  kind === "plain"
    ? new DynamoDBClient(config)
    : createFastDynamoDBClient({ ...config, cacheMiddleware: kind === "fast" });

/** What an Events table's indexes hold: no index, what serverless.yml declares, or whole events. */
export type EventIndexes = "none" | "declared" | "whole";

export interface BenchEngine {
  readonly endpoint: string;
  readonly clientConfig: ClientConfig;
  /** Default "plain". A "fast" one takes middleware before its first request only, and no DocumentClient. */
  connect(kind?: ClientKind): DynamoDBClient;
  /**
   * One more Events table, always without a table stream: the embedded engine never removes stream records, and
   * each of its puts takes longer the more there are.
   */
  createEvents(name: string, indexes: EventIndexes): Promise<void>;
  createSnapshots(name: string): Promise<void>;
  createTable(create: TableDefinition["create"]): Promise<void>;
  /** Microseconds of CPU that the engine's process has used; undefined where it cannot be read. */
  cpuMicros(): number | undefined;
  stop(): Promise<void>;
}

/** An engine with the service's tables. */
export async function benchEngine(): Promise<BenchEngine> {
  const engine = await startEngine({ port: await freePort() });
  const clientConfig: ClientConfig = {
    endpoint: engine.endpoint,
    region: "eu-central-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  };
  const clients: DynamoDBClient[] = [];
  const connect = (kind: ClientKind = "plain") => {
    const client = createClient(kind, clientConfig);
    clients.push(client);
    return client;
  };
  const { tables } = resolveService();
  const admin = connect();
  await createTables(admin, tables);
  const createTable = async (create: TableDefinition["create"]): Promise<void> => {
    const name = String(create.TableName);
    await createTables(admin, [{ logicalId: name, name, create, ttlAttribute: undefined }]);
  };
  const declared = (logicalId: string, TableName: string): TableDefinition["create"] => {
    const table = tables.find((one) => one.logicalId === logicalId);
    if (!table) throw new Error(`serverless.yml has no ${logicalId}`);
    return { ...table.create, TableName };
  };
  const createEvents = (name: string, indexes: EventIndexes) =>
    createTable(withoutStream(declared("EventsTable", name), indexes));
  const createSnapshots = (name: string) => createTable(declared("SnapshotsTable", name));
  const stop = async () => {
    for (const client of clients) client.destroy();
    await engine.stop();
  };
  const cpuMicros = () => cpuMicrosOf(readPid(engine.folder));
  const { endpoint } = engine;
  return { endpoint, clientConfig, connect, createEvents, createSnapshots, createTable, cpuMicros, stop };
}

function withoutStream(declared: TableDefinition["create"], indexes: EventIndexes): TableDefinition["create"] {
  const { StreamSpecification: _, GlobalSecondaryIndexes = [], AttributeDefinitions = [], ...create } = declared;
  if (indexes === "none") return { ...create, AttributeDefinitions: AttributeDefinitions.slice(0, 2) };
  const whole = GlobalSecondaryIndexes.map((index) => ({ ...index, Projection: { ProjectionType: "ALL" } as const }));
  return {
    ...create,
    AttributeDefinitions,
    GlobalSecondaryIndexes: indexes === "whole" ? whole : GlobalSecondaryIndexes,
  };
}

/** The engine leaves its process id in its folder; a restart replaces it. */
function readPid(folder: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, "engine.pid"), "utf8")) as { readonly pid?: number }).pid;
  } catch {
    return undefined;
  }
}
