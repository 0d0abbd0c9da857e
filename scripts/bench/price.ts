import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { DynamoDBEventStore } from "../../src/event-store/dynamodb/index.ts";
import { PRICES } from "../../src/operations/prices.ts";
import { product } from "../../src/product/index.ts";
import { productService } from "../../src/product/service.ts";
import { createPublisher } from "../../src/publisher/index.ts";
import { makeSnapshot } from "../../src/snapshotter/index.ts";
import { groupByEntity } from "../../src/stream/index.ts";
import { measureCosts } from "./cost.ts";
import { benchEngine } from "./engine.ts";
import { type Cost, Meter } from "./meter.ts";
import { measureProjecting } from "./project.ts";
import type { Section } from "./report.ts";

const { projections, eventTypes } = productService;
const aggregates = Object.values(productService.aggregates);

/** Gigabytes of each function's memory in serverless.yml. */
const MEMORY_GB = 0.5;

/** What no engine can tell: milliseconds of each function on Lambda, bytes that a command logs on its way. */
export const ASSUMED = { apiMs: 20, batchMs: { 1: 20, 100: 100 }, queueBatchMs: 25, logBytes: 2_000 } as const;

interface Side {
  readonly publish: Cost;
  readonly snapshot: Cost;
}

/** What the publisher's progress and a snapshot cost. */
async function measureSides(): Promise<Side> {
  const engine = await benchEngine();
  try {
    const client = engine.connect();
    const store = new DynamoDBEventStore(client, "ProductService-Events", "ProductService-Snapshots", { aggregates });
    const price = { amount: 450, currency: "EUR" };
    const created = { name: "Tea", description: "", price, categoryId: null };
    await store.appendEvent("Product", "p-1", "ProductCreated", created, "ann", "c-1", 0);
    const meter = new Meter(client);
    const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
    const publisher = createPublisher({
      bus: { put: async (entries) => entries.map(() => undefined) },
      store,
      table: { client: documents, name: "ProductService-ReadModels" },
      eventTypes,
      source: "ProductService",
      backOff: async () => undefined,
      clock: () => new Date(),
    });
    const [event] = await store.getEvents("p-1");
    meter.take();
    if (event) await publisher.publish(groupByEntity([{ entityId: "p-1", sequenceNumber: 1, event }]));
    const publish = meter.take();
    await makeSnapshot({ store, aggregates: [product], clock: () => new Date() }, product, "p-1");
    return { publish, snapshot: meter.take() };
  } finally {
    await engine.stop();
  }
}

export interface PriceRow {
  readonly part: string;
  /** Per command that stores one event. */
  readonly amount: string;
  /** US dollars a million commands. */
  readonly dollars: number;
}

const perMillion = (dollars: number): number => Math.round(dollars * 1e6 * 100) / 100;

/** @param batch events that the stream hands over at once: 1 in quiet hours, up to 100 in busy ones */
export async function measurePrice(batch: 1 | 100): Promise<PriceRow[]> {
  const command = (await measureCosts()).find(({ operation }) => operation === "command, state cached");
  if (!command) throw new Error("the cost bench has no row for a command");
  const ofBatch = batch === 1 ? "1 event" : "1 event of 100 entities";
  const projected = (await measureProjecting(projections)).filter((row) => row.batch === ofBatch);
  const { publish, snapshot } = await measureSides();
  const rows: PriceRow[] = [];
  const note = (part: string, amount: string, dollars: number) =>
    rows.push({ part, amount, dollars: perMillion(dollars) });
  const units = (part: string, write: number, read: number) => {
    const round = (value: number) => Math.round(value * 100) / 100;
    note(part, `${round(write)} WCU, ${round(read)} RCU`, write * PRICES.writeUnits + read * PRICES.readUnits);
  };
  const run = (ms: number) => PRICES.lambdaRequests + (ms / 1000) * MEMORY_GB * PRICES.lambdaGbSeconds;

  note("HTTP API", "1 request", PRICES.httpApiRequests);
  note("Lambda: api", `${ASSUMED.apiMs} ms assumed`, run(ASSUMED.apiMs));
  units("append", command.writeUnits, command.readUnits);
  for (const { projection, events, writeUnits, readUnits } of projected)
    units(`read model ${projection}`, writeUnits / events, readUnits / events);
  units("publisher's progress", publish.write, publish.read);
  units("snapshot, each 100 events", snapshot.write / 100, snapshot.read / 100);
  const batchMs = ASSUMED.batchMs[batch];
  note("Lambda: projector and publisher", `2 × ${batchMs} ms assumed by ${batch} events`, (2 * run(batchMs)) / batch);
  const inQueue = Math.min(10, batch);
  note(
    "Lambda: bus-projector",
    `${ASSUMED.queueBatchMs} ms assumed by ${inQueue} events`,
    run(ASSUMED.queueBatchMs) / inQueue,
  );
  note("bus", "1 event", PRICES.busEvents);
  note("queue behind the bus", `1 + 2 by ${inQueue} requests`, (1 + 2 / inQueue) * PRICES.queueRequests);
  note("logs", `${ASSUMED.logBytes} bytes assumed`, (ASSUMED.logBytes / 1e9) * PRICES.logGigabytes);
  const all = rows.reduce((sum, { dollars }) => sum + dollars, 0);
  return [...rows, { part: "a million commands", amount: "", dollars: Math.round(all * 100) / 100 }];
}

export async function benchPrice(): Promise<Section[]> {
  const sections: Section[] = [];
  for (const batch of [1, 100] as const)
    sections.push({
      title: `price: US dollars a million commands, ${PRICES.asOf}; the stream hands over ${batch} at once`,
      rows: await measurePrice(batch),
    });
  return sections;
}
