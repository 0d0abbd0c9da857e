import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Projection } from "../../src/definition/index.ts";
import { DynamoDBEventStore } from "../../src/event-store/dynamodb/index.ts";
import type { StoredEvent } from "../../src/event-store/index.ts";
import { productService } from "../../src/product/service.ts";
import { createProjector } from "../../src/projector/dynamodb/index.ts";
import { groupByEntity } from "../../src/stream/index.ts";
import { benchEngine } from "./engine.ts";
import { Meter } from "./meter.ts";
import type { BenchOptions } from "./options.ts";
import { productEvent } from "./product-events.ts";
import { measureLoad } from "./project-load.ts";
import { benchRates } from "./project-rate.ts";
import type { Section } from "./report.ts";

const { projections, eventTypes } = productService;
const aggregates = Object.values(productService.aggregates);

export interface ProjectRow {
  readonly projection: string;
  readonly batch: string;
  readonly events: number;
  readonly requests: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly operations: string;
}

/** Events of one entity behind a single record. */
const BACKLOG = 100_000;

const BATCHES: Readonly<Record<string, StoredEvent[]>> = {
  "1 event": [productEvent("one", 1)],
  "100 events of one entity": Array.from({ length: 100 }, (_, n) => productEvent("hundred", n + 1)),
  "1 event of 100 entities": Array.from({ length: 100 }, (_, n) => productEvent(`many-${n}`, 1)),
};

/** What a batch costs each projection, as the engine counts it. */
export async function measureProjecting(which: readonly Projection[] = projections): Promise<ProjectRow[]> {
  const engine = await benchEngine();
  const rows: ProjectRow[] = [];
  try {
    for (const projection of which) {
      const client = engine.connect();
      const meter = new Meter(client);
      const projector = createProjector({
        projections: [projection],
        store: new DynamoDBEventStore(client, "ProductService-Events", "ProductService-Snapshots", { aggregates }),
        table: { client: DynamoDBDocumentClient.from(client), name: "ProductService-ReadModels" },
        eventTypes,
        clock: () => new Date(),
        random: Math.random,
        generationsMaxAgeMs: 60_000,
      });
      await projector.project([]);
      for (const [batch, events] of Object.entries(BATCHES)) {
        meter.take();
        await projector.project(groupByEntity(events.map((event) => ({ ...event, event }))));
        const { requests, write, read, operations } = meter.take();
        const counted = new Map<string, number>();
        for (const operation of operations) counted.set(operation, (counted.get(operation) ?? 0) + 1);
        rows.push({
          projection: projection.name,
          batch,
          events: events.length,
          requests,
          writeUnits: write,
          readUnits: read,
          operations: [...counted].map(([operation, count]) => `${count} ${operation}`).join(", "),
        });
      }
    }
  } finally {
    await engine.stop();
  }
  return rows;
}

export async function benchProject({ rounds }: BenchOptions): Promise<Section[]> {
  return [
    await benchRates(rounds),
    { title: "project: what a batch costs each read model", rows: await measureProjecting() },
    { title: "project: under load", rows: await measureLoad(BACKLOG) },
  ];
}
