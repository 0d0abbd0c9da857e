import { setTimeout as pause } from "node:timers/promises";
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { readConfig } from "../../src/config.ts";
import { DynamoDBEventStore } from "../../src/event-store/dynamodb/index.ts";
import { publishingOf } from "../../src/lambda/publishing.ts";
import { productService } from "../../src/product/service.ts";
import { createProjector } from "../../src/projector/dynamodb/index.ts";
import { createPublisher, eventBridgeBus } from "../../src/publisher/index.ts";
import { useLocalService } from "../local-service.ts";

const { projections, eventTypes } = productService;
const aggregates = Object.values(productService.aggregates);

export const clock = () => new Date();

interface Stage {
  readonly prefix: string;
  readonly indexShards: number;
}

function shardsOf(text: string): number {
  const indexShards = Number(text);
  if (Number.isInteger(indexShards) && indexShards >= 1 && indexShards <= 100) return indexShards;
  throw new Error(`INDEX_SHARDS: expected an integer from 1 to 100, got ${text}`);
}

/** Names and endpoints: of AWS's when a prefix is given, else of the local run. */
async function findStage(): Promise<Stage> {
  const { TABLE_PREFIX: prefix, INDEX_SHARDS = "1" } = process.env;
  if (prefix !== undefined) return { prefix, indexShards: shardsOf(INDEX_SHARDS) };
  return useLocalService("set TABLE_PREFIX for a stage on AWS");
}

/** What the deployed publisher is given, with what differs from the defaults taken from this shell. */
const environmentOf = (prefix: string) => ({
  SERVICE_NAME: "ProductService",
  ...process.env,
  EVENT_BUS: prefix,
  EVENTS_TABLE: `${prefix}-Events`,
  SNAPSHOTS_TABLE: `${prefix}-Snapshots`,
  READ_MODELS_TABLE: `${prefix}-ReadModels`,
});

/** The parts that the commands work with, on the tables of the stage. */
export async function wire() {
  const { prefix, indexShards } = await findStage();
  const client = new DynamoDBClient({});
  const options = { aggregates, indexShards };
  const store = new DynamoDBEventStore(client, `${prefix}-Events`, `${prefix}-Snapshots`, options);
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const table = { client: documents, name: `${prefix}-ReadModels` };
  const projector = createProjector({
    projections,
    store,
    table,
    eventTypes,
    aggregates,
    clock,
    random: Math.random,
  });
  const bus = eventBridgeBus(new EventBridgeClient({}), prefix);
  const backOff = async (round: number) => void (await pause(Math.min(2_000, 50 * 2 ** round)));
  const settings = publishingOf(productService, readConfig("publisher", environmentOf(prefix)));
  const publisher = createPublisher({ bus, store, table, ...settings, backOff, clock });
  const countEvents = async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: `${prefix}-Events` }));
    return Table?.ItemCount;
  };
  return { store, table, projector, publisher, countEvents };
}
