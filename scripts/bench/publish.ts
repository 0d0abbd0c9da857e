import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { DynamoDBEventStore } from "../../src/event-store/dynamodb/index.ts";
import { type ClientKind, createEventBridgeClient } from "../../src/lambda/clients.ts";
import { productService } from "../../src/product/service.ts";
import { createPublisher, eventBridgeBus } from "../../src/publisher/index.ts";
import { groupByEntity } from "../../src/stream/index.ts";
import { type BenchEngine, benchEngine } from "./engine.ts";
import { type Measured, measure, type Pace, type Side } from "./measure.ts";
import { requestCounter } from "./meter.ts";
import type { BenchOptions } from "./options.ts";
import { productEvent } from "./product-events.ts";
import { rowsByEvent, type Section } from "./report.ts";

/** Events of a batch, which is one operation. */
const BATCH = 1_000;
const ROUND_BATCHES = 5;

/** A thousand events of so many entities over HTTP to a bus that takes everything, by either client. */
export async function measurePublishing(pace: Pace): Promise<Measured[]> {
  const engine = await benchEngine();
  const stub = await startStub();
  try {
    const kinds: readonly ClientKind[] = ["sdk", "fast"];
    const sides = [100, 1_000, 1].flatMap((entities) =>
      kinds.map((kind) => publishing(engine, stub.endpoint, { entities, kind })),
    );
    return await measure(sides, { ...pace, engineCpuMicros: engine.cpuMicros });
  } finally {
    stub.process.kill();
    await engine.stop();
  }
}

async function startStub(): Promise<{ readonly process: ChildProcess; readonly endpoint: string }> {
  const child = fork(fileURLToPath(new URL("bus-stub.mjs", import.meta.url)), { execArgv: [] });
  const [endpoint] = (await once(child, "message")) as [string];
  return { process: child, endpoint };
}

function publishing(
  engine: BenchEngine,
  endpoint: string,
  { entities, kind }: { readonly entities: number; readonly kind: ClientKind },
): Side {
  const client = engine.connect(kind === "sdk" ? "plain" : "documents");
  const takeRequests = requestCounter(client);
  const { region, credentials } = engine.clientConfig;
  const publisher = createPublisher({
    bus: eventBridgeBus(createEventBridgeClient(kind, { endpoint, region, credentials }), "Bench"),
    store: new DynamoDBEventStore(client, "ProductService-Events", "ProductService-Snapshots"),
    table: { client: DynamoDBDocumentClient.from(client), name: "ProductService-ReadModels" },
    eventTypes: productService.eventTypes,
    source: "bench",
    backOff: async () => undefined,
    clock: () => new Date(),
  });
  let batches = 0;
  return {
    name: `${entities} entities, ${kind} clients`,
    operations: ROUND_BATCHES,
    takeRequests,
    operate: async () => {
      batches += 1;
      const events = Array.from({ length: BATCH }, (_, n) =>
        productEvent(`${kind}-${entities}-${batches}-${n % entities}`, Math.floor(n / entities) + 1),
      );
      const { failures, published } = await publisher.publish(
        groupByEntity(events.map((event) => ({ ...event, event }))),
      );
      if (failures[0]) throw failures[0].error;
      if (published !== BATCH) throw new Error(`${published} of ${BATCH} events were published`);
    },
  };
}

export async function benchPublish({ rounds }: BenchOptions): Promise<Section[]> {
  const rows = rowsByEvent(await measurePublishing({ rounds }), BATCH);
  const notes = ["Requests are those to the tables."];
  return [{ title: "publish: batches of 1,000 events, over HTTP to a bus that takes everything", rows, notes }];
}
