import { type AttributeValue, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { categoryTree } from "../../projections/category-tree.ts";
import { productCatalog } from "../../projections/product-catalog.ts";
import { productPriceHistory } from "../../projections/product-price-history.ts";
import type { Projection } from "../../src/definition/index.ts";
import { DynamoDBEventStore } from "../../src/event-store/dynamodb/index.ts";
import { productService } from "../../src/product/service.ts";
import { createProjector } from "../../src/projector/dynamodb/index.ts";
import { groupByEntity } from "../../src/stream/index.ts";
import { type BenchEngine, benchEngine } from "./engine.ts";
import { type Measured, measure, type Pace, type Side } from "./measure.ts";
import { requestCounter } from "./meter.ts";
import { productEvent } from "./product-events.ts";
import { rowsByEvent, type Section } from "./report.ts";

const { eventTypes } = productService;
const aggregates = Object.values(productService.aggregates);
const READ_MODELS = "ProductService-ReadModels";

/** Events of a batch, and of a round. */
const BATCH = 1_000;
const ROUND = 10_000;

const KINDS: Readonly<Record<string, readonly Projection[]>> = {
  "row per entity": [productCatalog],
  "row per event": [productPriceHistory],
  "across entities": [categoryTree],
  "all three": [productCatalog, productPriceHistory, categoryTree],
} as Readonly<Record<string, readonly Projection[]>>;

/** Batches of 1,000 events, of 100 entities or of as many as events, an operation each. */
export async function measureRates(pace: Pace): Promise<Measured[]> {
  const engine = await benchEngine();
  try {
    const sides = Object.entries(KINDS).map(([kind, projections]) =>
      projecting(engine, `${kind}, 100 entities`, { projections, entities: 100 }),
    );
    const one = projecting(engine, "row per entity, 10,000 entities", {
      projections: KINDS["row per entity"] ?? [],
      entities: ROUND,
    });
    return await measure([...sides, one, barePuts(engine)], { ...pace, engineCpuMicros: engine.cpuMicros });
  } finally {
    await engine.stop();
  }
}

function projecting(
  engine: BenchEngine,
  name: string,
  { projections, entities }: { readonly projections: readonly Projection[]; readonly entities: number },
): Side {
  const client = engine.connect("documents");
  const takeRequests = requestCounter(client);
  const projector = createProjector({
    projections: projections.map((one) => ({ ...one, name: `${one.name}-${name}`.replace(/[^a-z0-9-]/g, "-") })),
    store: new DynamoDBEventStore(client, "ProductService-Events", "ProductService-Snapshots", { aggregates }),
    table: { client: DynamoDBDocumentClient.from(client), name: READ_MODELS },
    eventTypes,
    clock: () => new Date(),
    random: Math.random,
    generationsMaxAgeMs: 600_000,
  });
  let sent = 0;
  return {
    name,
    operations: ROUND / BATCH,
    takeRequests,
    operate: async () => {
      const events = Array.from({ length: BATCH }, () => {
        const n = sent % ROUND;
        const round = Math.floor(sent / ROUND);
        sent += 1;
        return productEvent(`${name}-${round}-${n % entities}`, Math.floor(n / entities) + 1);
      });
      const outcomes = await projector.project(groupByEntity(events.map((event) => ({ ...event, event }))));
      const failed = outcomes.flatMap(({ failures }) => failures)[0];
      if (failed) throw failed.error;
    },
  };
}

/** What the table takes by itself: the same rows as conditional puts, 16 at a time, and nothing else. */
function barePuts(engine: BenchEngine): Side {
  const client = engine.connect("fast");
  let sent = 0;
  let row: Record<string, AttributeValue> | undefined;
  const put = async () => {
    sent += 1;
    const Item = { ...row, pk: { S: `bare-${sent}` } };
    await client.send(
      new PutItemCommand({ TableName: READ_MODELS, Item, ConditionExpression: "attribute_not_exists(pk)" }),
    );
  };
  const findRow = async () => {
    const isRow = "attribute_exists(checkpoint) AND attribute_exists(#row)";
    const page = await client.send(
      new ScanCommand({ TableName: READ_MODELS, FilterExpression: isRow, ExpressionAttributeNames: { "#row": "row" } }),
    );
    row ??= page.Items?.[0];
    if (!row) throw new Error("no row to put again: the projections have stored none");
  };
  return {
    name: "the rows of that as bare puts",
    prepare: async () => row ?? findRow(),
    operations: ROUND / BATCH,
    takeRequests: requestCounter(client),
    operate: async () => {
      let left = BATCH;
      const worker = async () => {
        while (left > 0) {
          left -= 1;
          await put();
        }
      };
      await Promise.all(Array.from({ length: 16 }, worker));
    },
  };
}

export async function benchRates(rounds: number): Promise<Section> {
  const rows = rowsByEvent(await measureRates({ rounds }), BATCH);
  return { title: "project: 10,000 events in batches of 1,000", rows };
}
