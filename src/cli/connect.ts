import { DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { ConfigError, readConfig } from "../config.ts";
import type { ServiceDefinition } from "../definition/index.ts";
import { createFastDynamoDBClient, DynamoDBEventStore } from "../event-store/dynamodb/index.ts";
import type { OperationsContext } from "../operations/index.ts";
import { publishingOf } from "../operations/publishing.ts";
import { createProjector } from "../projector/dynamodb/index.ts";
import { createPublisher, eventBridgeBus } from "../publisher/index.ts";
import { UsageError } from "./failure.ts";
import type { Io } from "./io.ts";
import { findStage, type Stage } from "./stage.ts";

/** The parts of a service on one stage, and the clients behind them. */
export interface Connection extends OperationsContext {
  readonly stage: Stage;
  readonly names: Names;
  readonly client: DynamoDBClient;
  readonly eventBridge: EventBridgeClient;
  /** For further clients of the same stage. */
  readonly clientConfig: ClientConfig;
  readonly payloadEncoding: "map" | "json";
  readonly countEvents: () => Promise<number | undefined>;
  close(): void;
}

export interface Names {
  readonly events: string;
  readonly snapshots: string;
  readonly readModels: string;
  readonly bus: string;
}

export type ClientConfig = Readonly<{
  endpoint?: string;
  region?: string;
  credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}>;

/** @throws {UnreachableError} when no stage is named and nothing runs here */
export async function connect(
  io: Io,
  { service, stage: name }: { readonly service: ServiceDefinition; readonly stage: string | undefined },
): Promise<Connection> {
  const stage = await findStage(io, service.name, name);
  const { prefix, indexShards, local } = stage;
  const names = namesOf(prefix);
  const config = settingsOf(io, names);
  const clientConfig = local ? localConfig(io, local.engine) : {};
  const client = createFastDynamoDBClient(clientConfig);
  const other = createFastDynamoDBClient({ ...clientConfig, cacheMiddleware: false });
  const eventBridge = new EventBridgeClient(local ? localConfig(io, local.bus) : {});
  const aggregates = Object.values(service.aggregates);
  const payloadEncoding = config.PAYLOAD_ENCODING;
  const store = new DynamoDBEventStore(client, names.events, names.snapshots, {
    aggregates,
    indexShards,
    payloadEncoding,
    warn: (message) => io.tell(`${message}\n`),
  });
  const documents = DynamoDBDocumentClient.from(other, { marshallOptions: { removeUndefinedValues: true } });
  const table = { client: documents, name: names.readModels };
  const { clock, pause } = io;
  const { projections, eventTypes } = service;
  const backOff = (round: number) => pause(Math.min(2_000, 50 * 2 ** round));
  return {
    service,
    stage,
    names,
    client,
    eventBridge,
    clientConfig,
    payloadEncoding,
    store,
    table,
    projector: createProjector({ projections, store, table, eventTypes, aggregates, clock, random: Math.random }),
    publisher: createPublisher({
      bus: eventBridgeBus(eventBridge, names.bus),
      store,
      table,
      ...publishingOf(service, config),
      backOff,
      clock,
    }),
    clock,
    pause,
    async countEvents() {
      const { Table } = await client.send(new DescribeTableCommand({ TableName: names.events }));
      return Table?.ItemCount;
    },
    close() {
      client.destroy();
      other.destroy();
      eventBridge.destroy();
    },
  };
}

const namesOf = (prefix: string): Names => ({
  events: `${prefix}-Events`,
  snapshots: `${prefix}-Snapshots`,
  readModels: `${prefix}-ReadModels`,
  bus: prefix,
});

/** What the stage's functions are given beside the names, as far as this shell says it. @throws {UsageError} */
function settingsOf({ env }: Io, names: Names) {
  try {
    return readConfig("publisher", {
      ...env,
      EVENTS_TABLE: names.events,
      SNAPSHOTS_TABLE: names.snapshots,
      READ_MODELS_TABLE: names.readModels,
      EVENT_BUS: names.bus,
    });
  } catch (error) {
    throw error instanceof ConfigError ? new UsageError(error.message.replace(/^publisher: /, "")) : error;
  }
}

export const localConfig = ({ env }: Io, endpoint: string): ClientConfig => ({
  endpoint,
  region: env.AWS_REGION ?? "eu-central-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
});
