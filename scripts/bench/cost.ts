import { handleCommand, StateCache } from "../../src/aggregate/index.ts";
import { DynamoDBEventStore } from "../../src/event-store/dynamodb/index.ts";
import type { NewEvent } from "../../src/event-store/index.ts";
import { product } from "../../src/product/index.ts";
import { productService } from "../../src/product/service.ts";
import { makeSnapshot } from "../../src/snapshotter/index.ts";
import { benchEngine } from "./engine.ts";
import { type Cost, Meter } from "./meter.ts";
import type { Section } from "./report.ts";

const aggregates = Object.values(productService.aggregates);

const EVENTS = "ProductService-Events";
const SNAPSHOTS = "ProductService-Snapshots";

export interface CostRow {
  readonly operation: string;
  readonly requests: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  /** From the baseline: what the naive store and the peers pay. */
  readonly baseline: string;
}

const filler = "x".repeat(560);
/** An event of about 750 bytes. */
const event = (): NewEvent => ({ eventType: "ThingDone", eventData: { text: filler } });

/** Requests and capacity units of each operation, as the engine counts them. */
export async function measureCosts(): Promise<CostRow[]> {
  const engine = await benchEngine();
  const rows: CostRow[] = [];
  const open = () => {
    const client = engine.connect();
    return { meter: new Meter(client), store: new DynamoDBEventStore(client, EVENTS, SNAPSHOTS, { aggregates }) };
  };
  const note = (operation: string, { requests, write, read }: Cost, baseline: string) =>
    rows.push({ operation, requests, writeUnits: write, readUnits: read, baseline });
  const append = (store: DynamoDBEventStore, entityId: string, count: number, expectedVersion?: number) =>
    store.appendEvents({
      aggregateType: "Thing",
      entityId,
      events: Array.from({ length: count }, event),
      userId: "ann",
      correlationId: "c-1",
      expectedVersion,
    });

  try {
    const writer = open();
    await append(writer.store, "a", 1, 0);
    note("append 1, new entity", writer.meter.take(), "naive 2 req, 3 WCU, 1 RCU; castore 1 req, 2 WCU");
    await append(writer.store, "a", 1, 1);
    note("append 1, version known", writer.meter.take(), "naive 2 req, 3 WCU, 1 RCU; castore 1 req, 1 WCU");
    const cold = open();
    await append(cold.store, "a", 1, 2);
    note("append 1, version unknown", cold.meter.take(), "naive 2 req, 3 WCU, 1 RCU");
    await append(writer.store, "ten", 10, 0);
    note("append 10, all or none", writer.meter.take(), "naive 2 req, 40 WCU, 1 RCU; castore 1 req, 20 WCU");
    for (let start = 0; start < 1_000; start += 100) await append(writer.store, "long", 100, start);
    writer.meter.take();
    await open().store.getEvents("warm-up");
    const loader = open();
    await loader.store.getEvents("long");
    note("load 1,000 events", loader.meter.take(), "naive 1-2 req, 237-274 RCU; castore 1 req, 236 RCU");

    const money = (amount: number) => ({ amount, currency: "USD" });
    const request = (command: unknown, commandId?: string) =>
      ({
        entityId: "p-1",
        command,
        userId: "ann",
        correlationId: "c-1",
        now: "2026-01-01T00:00:00.000Z",
        commandId,
      }) as never;
    const cache = new StateCache<never>(100) as never;
    const hot = open();
    await handleCommand(
      { store: hot.store, cache },
      product,
      request({ type: "CreateProduct", data: { name: "Tea", description: filler, price: money(1), categoryId: null } }),
    );
    for (let n = 2; n <= 100; n += 1) {
      await handleCommand(
        { store: hot.store, cache },
        product,
        request({ type: "DescribeProduct", data: { description: `${n}${filler}` } }),
      );
    }
    hot.meter.take();
    await handleCommand(
      { store: hot.store, cache },
      product,
      request({ type: "ChangePrice", data: { price: money(5) } }),
    );
    note("command, state cached", hot.meter.take(), "naive 2 req, 3 WCU, 1 RCU (no state loaded)");
    const unsnapped = open();
    await handleCommand(
      { store: unsnapped.store },
      product,
      request({ type: "ChangePrice", data: { price: money(6) } }),
    );
    note("command, cold, 100 events, no snapshot", unsnapped.meter.take(), "castore 2 req, 1 WCU, 22 RCU");
    await makeSnapshot({ store: hot.store, aggregates: [product], clock: () => new Date() }, product, "p-1");
    const snapped = open();
    await handleCommand(
      { store: snapped.store },
      product,
      request({ type: "ChangePrice", data: { price: money(7) } }, "key-1"),
    );
    note(
      "command, cold, with a snapshot and an Idempotency-Key",
      snapped.meter.take(),
      "event-store-adapter-js 3 req, 9 WCU, 15 RCU",
    );
  } finally {
    await engine.stop();
  }
  return rows;
}

export async function benchCost(): Promise<Section[]> {
  return [{ title: "cost: requests and capacity units of each operation", rows: await measureCosts() }];
}
