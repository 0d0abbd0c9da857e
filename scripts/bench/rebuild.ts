import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { productCatalog } from "../../projections/product-catalog.ts";
import type { Projection } from "../../src/definition/index.ts";
import { DynamoDBEventStore } from "../../src/event-store/dynamodb/index.ts";
import { productService } from "../../src/product/service.ts";
import { createProjector, rebuild } from "../../src/projector/dynamodb/index.ts";
import { type BenchEngine, benchEngine } from "./engine.ts";
import { countRequests } from "./meter.ts";
import type { BenchOptions } from "./options.ts";
import { productEvent } from "./product-events.ts";
import { fillTable } from "./project-load.ts";
import type { Section } from "./report.ts";
import { round } from "./statistics.ts";

const EVENTS = "Rebuild-Events";
const TOTAL = 100_000;
const ENTITIES = 2_000;
const SEGMENTS = 4;
const POLL_MS = 50;

/** 100,000 events of 2,000 products, read by a scan and folded into the catalog; beside it the bare scan. */
export async function measureRebuild(total = TOTAL): Promise<readonly object[]> {
  const engine = await benchEngine();
  try {
    await engine.createEvents(EVENTS, "none");
    const client = engine.connect("fast");
    await fillTable(client, { table: EVENTS, count: total }, (n) =>
      productEvent(`p-${n % ENTITIES}`, Math.floor(n / ENTITIES) + 1),
    );
    // First, for a process does not give back what memory it once had.
    const built = await timed(() => rebuildAll(engine, total));
    const scan = await timed(() => scanAll(engine));
    return [
      { work: "bare scan of the events", ...rateOf(total, scan.seconds), "peak MB": scan.peakMegabytes },
      {
        work: "rebuild of product-catalog",
        ...rateOf(total, built.seconds),
        "peak MB": built.peakMegabytes,
        "requests an event": round(built.value / total),
      },
    ];
  } finally {
    await engine.stop();
  }
}

const rateOf = (events: number, seconds: number) => ({
  seconds: round(seconds),
  "events/s": Math.round(events / seconds),
});

async function scanAll(engine: BenchEngine): Promise<void> {
  const store = new DynamoDBEventStore(engine.connect("fast"), EVENTS, "ProductService-Snapshots");
  const segments = Array.from({ length: SEGMENTS }, async (_, segment) => {
    let start: string | undefined;
    do {
      const page = await store.scanEvents({ segment, segments: SEGMENTS, start });
      start = page.next;
    } while (start !== undefined);
  });
  await Promise.all(segments);
}

async function rebuildAll(engine: BenchEngine, expectedEvents: number): Promise<number> {
  const client = engine.connect("documents");
  const count = countRequests(client, EVENTS);
  const projection = productCatalog as Projection;
  const projector = createProjector({
    projections: [projection],
    store: new DynamoDBEventStore(client, EVENTS, "ProductService-Snapshots", {
      aggregates: Object.values(productService.aggregates),
    }),
    table: { client: DynamoDBDocumentClient.from(client), name: "ProductService-ReadModels" },
    eventTypes: productService.eventTypes,
    clock: () => new Date(),
    random: Math.random,
  });
  const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
  await rebuild(projector, projection, { segments: SEGMENTS, clock: () => new Date(), pause, expectedEvents });
  return count.sent;
}

async function timed<T>(act: () => Promise<T>): Promise<{ value: T; seconds: number; peakMegabytes: number }> {
  let peak = process.memoryUsage().rss;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, POLL_MS);
  const start = performance.now();
  const value = await act();
  clearInterval(timer);
  return { value, seconds: (performance.now() - start) / 1_000, peakMegabytes: Math.round(peak / 2 ** 20) };
}

export async function benchRebuild(_: BenchOptions): Promise<Section[]> {
  return [{ title: "rebuild: 100,000 events of 2,000 entities, 4 segments", rows: await measureRebuild() }];
}
