import { BatchWriteItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { categoryTree } from "../../projections/category-tree.ts";
import type { Projection } from "../../src/definition/index.ts";
import { DynamoDBEventStore, encodeEvent } from "../../src/event-store/dynamodb/index.ts";
import type { StoredEvent } from "../../src/event-store/index.ts";
import { productService } from "../../src/product/service.ts";
import { createProjector } from "../../src/projector/dynamodb/index.ts";
import { createPublisher } from "../../src/publisher/index.ts";
import { groupByEntity } from "../../src/stream/index.ts";
import { type BenchEngine, benchEngine } from "./engine.ts";
import { countRequests } from "./meter.ts";
import { productEvent } from "./product-events.ts";

const { projections, eventTypes } = productService;
const aggregates = Object.values(productService.aggregates);

export interface LoadRow {
  readonly work: string;
  readonly events: number;
  /** Sent, failed ones too. */
  readonly requestsPerEvent: number;
  /** Times that an event was read from the store. */
  readonly readsPerEvent: number;
  readonly eventsPerSecond: number;
  readonly peakMegabytes: number;
}

const EVENTS = "Bench-Events";
const READ_MODELS = "ProductService-ReadModels";
/** Milliseconds of work after which an invocation is cut off, at random up to this. */
const CUT_AFTER_MS = 20_000;

/** A thousand new products of one category in one batch, and one entity that is far behind, for each reader of the stream. */
export async function measureLoad(backlog: number): Promise<LoadRow[]> {
  const engine = await benchEngine();
  try {
    await engine.createEvents(EVENTS, "none");
    const rows = [await hotCategory(engine, 1), await hotCategory(engine, 8)];
    await fill(engine.connect(), backlog);
    for (const projection of projections) rows.push(await projectBacklog(engine, projection, backlog));
    return [...rows, await publishBacklog(engine, backlog)];
  } finally {
    await engine.stop();
  }
}

async function hotCategory(engine: BenchEngine, projectors: number): Promise<LoadRow> {
  const total = 1_000;
  const name = `hot-${projectors}`;
  const batches = Array.from({ length: projectors }, (_, p) =>
    Array.from({ length: total / projectors }, (_, n) => productEvent(`${name}-${p}-${n}`, 1)),
  );
  const parts = batches.map((batch) => ({ batch, ...open(engine, { ...(categoryTree as Projection), name }) }));
  for (const { projector } of parts) await projector.project([]);
  return measured(`${total} products of one category, ${projectors} projectors`, total, async () => {
    const before = parts.map(({ count }) => count.sent);
    await Promise.all(
      parts.map(({ projector, batch }) =>
        projector.project(groupByEntity(batch.map((event) => ({ ...event, event })))),
      ),
    );
    return { requests: parts.reduce((sum, { count }, n) => sum + count.sent - (before[n] ?? 0), 0), read: 0 };
  });
}

const LONG = "long";

const fill = (client: DynamoDBClient, count: number): Promise<void> =>
  fillTable(client, { table: EVENTS, count }, (n) => productEvent(LONG, n + 1));

/** Stores so many events as they are. */
export async function fillTable(
  client: DynamoDBClient,
  { table, count }: { readonly table: string; readonly count: number },
  eventOf: (n: number) => StoredEvent,
): Promise<void> {
  for (let start = 0; start < count; start += 25) {
    const puts = Array.from({ length: Math.min(25, count - start) }, (_, n) => ({
      PutRequest: { Item: encodeEvent(eventOf(start + n), "json") },
    }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts } }));
  }
}

function open(engine: BenchEngine, projection: Projection) {
  const client = engine.connect();
  const count = countRequests(client, EVENTS);
  const projector = createProjector({
    projections: [projection],
    store: new DynamoDBEventStore(client, EVENTS, "ProductService-Snapshots", { aggregates }),
    table: {
      client: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }),
      name: READ_MODELS,
    },
    eventTypes,
    clock: () => new Date(),
    random: Math.random,
    generationsMaxAgeMs: 60_000,
  });
  return { projector, count };
}

/** Cut off again and again, as a function is, until the entity is up to date. */
async function untilDone(work: (isTimeUp: () => boolean) => Promise<boolean>): Promise<void> {
  for (let isDone = false; !isDone; ) {
    const end = Date.now() + Math.random() * CUT_AFTER_MS;
    isDone = await work(() => Date.now() > end);
  }
}

function projectBacklog(engine: BenchEngine, projection: Projection, backlog: number): Promise<LoadRow> {
  const { projector, count } = open(engine, projection);
  return measured(`backlog of one entity: ${projection.name}`, backlog, async () => {
    await untilDone(async (isTimeUp) => {
      const outcomes = await projector.project([{ entityId: LONG, upTo: backlog, events: [] }], isTimeUp);
      return outcomes.every(({ failures }) => failures.length === 0);
    });
    return { requests: count.sent, read: count.read };
  });
}

function publishBacklog(engine: BenchEngine, backlog: number): Promise<LoadRow> {
  const client = engine.connect();
  const count = countRequests(client, EVENTS);
  let puts = 0;
  const publisher = createPublisher({
    bus: {
      put: async (entries) => {
        puts += 1;
        return entries.map(() => undefined);
      },
    },
    store: new DynamoDBEventStore(client, EVENTS, "ProductService-Snapshots", { aggregates }),
    table: {
      client: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }),
      name: READ_MODELS,
    },
    eventTypes,
    source: "bench",
    backOff: async () => undefined,
    clock: () => new Date(),
  });
  return measured("backlog of one entity: publisher", backlog, async () => {
    await untilDone(async (isTimeUp) => {
      const { failures } = await publisher.publish([{ entityId: LONG, upTo: backlog, events: [] }], isTimeUp);
      return failures.length === 0;
    });
    return { requests: count.sent + puts, read: count.read };
  });
}

/** Milliseconds between two looks at the memory. */
const POLL_EVERY_MS = 50;

async function measured(
  work: string,
  events: number,
  act: () => Promise<{ readonly requests: number; readonly read: number }>,
): Promise<LoadRow> {
  let peak = process.memoryUsage().rss;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, POLL_EVERY_MS);
  const start = Date.now();
  const { requests, read } = await act();
  clearInterval(timer);
  return {
    work,
    events,
    requestsPerEvent: Number((requests / events).toFixed(4)),
    readsPerEvent: Number((read / events).toFixed(2)),
    eventsPerSecond: Math.round((events * 1_000) / (Date.now() - start)),
    peakMegabytes: Math.round(peak / 2 ** 20),
  };
}
