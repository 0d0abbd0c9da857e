import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { categoryTree } from "../../../projections/category-tree.ts";
import type { Projection } from "../../../src/definition/index.ts";
import type { StoredEvent } from "../../../src/event-store/index.ts";
import { productService } from "../../../src/product/service.ts";
import { createRowReader, GenerationsCache, type Projector, verify } from "../../../src/projector/dynamodb/index.ts";
import { createBareEventsTable, putEvents, storedEvent } from "../../support/bare-table.ts";
import { documents, READ_MODELS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { injectFaults } from "../../support/faults.ts";
import { batchOf, openProjector, productEvent } from "../../support/projecting.ts";

const { projections } = productService;

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const usd = (amount: number) => ({ amount, currency: "USD" });

const created = (entityId: string, categoryId: string): StoredEvent =>
  storedEvent({
    entityId,
    sequenceNumber: 1,
    aggregateType: "Product",
    eventType: "ProductCreated",
    eventData: { name: entityId, description: "", price: usd(10), categoryId },
  });

const eventOf = (entityId: string, sequenceNumber: number): StoredEvent =>
  storedEvent({ entityId, sequenceNumber, aggregateType: "Product", ...productEvent(entityId, sequenceNumber) });

/** A projector that counts the requests of each kind, and the events that it reads from the store. */
function counting(eventsTable: string, more: object = {}) {
  const client = engine.connect();
  const count = { requests: 0, transactions: 0, eventsRead: 0, largestRead: 0 };
  client.middlewareStack.add(
    (next, context) => async (args) => {
      count.requests += 1;
      if (context.commandName === "TransactWriteItemsCommand") count.transactions += 1;
      const result = await next(args);
      const { TableName } = args.input as { TableName?: string };
      if (context.commandName === "QueryCommand" && TableName === eventsTable) {
        const read = (result.output as { Items?: unknown[] }).Items?.length ?? 0;
        count.eventsRead += read;
        count.largestRead = Math.max(count.largestRead, read);
      }
      return result;
    },
    { step: "initialize", priority: "high" },
  );
  return { projector: openProjector(engine, { eventsTable, client, ...more }), count };
}

describe("a backlog of one entity behind a single record", () => {
  const EVENTS = 8_000;
  const eventsTable = "Backlog-Events";
  beforeAll(async () => {
    await createBareEventsTable(engine.client, eventsTable);
    await putEvents(engine.client, eventsTable, EVENTS, (n) => eventOf("long", n + 1));
  });

  test.each(projections.map(({ name }) => name))(
    "%s works it off in steps, however often it is cut off",
    async (name) => {
      const last = [{ entityId: "long", upTo: EVENTS, events: [eventOf("long", EVENTS)] }];
      let read = 0;
      let invocations = 0;
      let reached = 0;
      for (let isDone = false; !isDone; invocations += 1) {
        const { projector, count } = counting(eventsTable, {
          projections: projections.filter((one) => one.name === name),
        });
        let looks = 0;
        const [outcome] = await projector.project(last, () => {
          looks += 1;
          return looks > 4;
        });
        read += count.eventsRead;
        isDone = outcome!.failures.length === 0;
        const [failure] = outcome!.failures;
        if (failure) {
          expect(failure).toMatchObject({ entityId: "long", error: { code: "TIME_UP" } });
          expect(failure.fromSequence).toBeGreaterThan(reached);
          reached = failure.fromSequence;
        }
      }
      expect(invocations).toBeGreaterThan(1);
      expect(read).toBeLessThanOrEqual(2 * EVENTS);
      const { projector } = counting(eventsTable, { projections: projections.filter((one) => one.name === name) });
      const [target] = await projector.targets();
      const { store, table, eventTypes } = projector.context;
      expect(await verify({ store, table, eventTypes }, target!.projection, target!.generation)).toMatchObject({
        differences: [],
        behind: [],
      });
    },
    240_000,
  );

  test("a process that dies in the midst leaves its place behind", async () => {
    const projection = { ...projections.find(({ name }) => name === "product-price-history")!, name: "dying-history" };
    const places: number[] = [];
    for (let life = 0; life < 3; life += 1) {
      const client = engine.connect({ maxAttempts: 1 });
      let writes = 0;
      injectFaults(client, ({ operation }) => {
        writes += operation === "BatchWriteItemCommand" ? 1 : 0;
        return writes > 100 ? "death-before" : undefined;
      });
      const dying = openProjector(engine, { eventsTable, client, projections: [projection] });
      await dying.project([{ entityId: "long", upTo: EVENTS, events: [] }]).catch(() => undefined);
      const reader = createRowReader(table(), new GenerationsCache(table(), () => new Date(), 0, "reads"), projection);
      places.push(await reader.checkpoint("long"));
    }
    expect(places[0]).toBeGreaterThan(1_000);
    expect(places[1]).toBeGreaterThan(places[0]!);
    expect(places[2]).toBeGreaterThan(places[1]!);
  }, 120_000);
});

const table = () => ({ client: documents(engine.client), name: READ_MODELS });

describe("a hot category", () => {
  async function countOf(projector: Projector, name: string, category: string): Promise<unknown> {
    const reader = createRowReader(projector.context.table, projector.generations, {
      ...categoryTree,
      name,
    } as Projection);
    const { rows } = await reader.sharedRows("categories", { limit: 200 });
    return rows.find((row) => (row as { categoryId: string }).categoryId === category);
  }
  const treeNamed = (name: string): Projection => ({ ...(categoryTree as Projection), name });

  test("1,000 new products in one batch cost at most a tenth of a request each", async () => {
    const { projector, count } = counting("ProductService-Events", { projections: [treeNamed("hot-batch")] });
    await projector.project([]);
    count.requests = 0;
    const events = Array.from({ length: 1_000 }, (_, n) => created(`hot-${n}`, "hot"));
    const [outcome] = await projector.project(batchOf(events));
    expect(outcome).toMatchObject({ applied: 1_000, failures: [] });
    expect(count.requests).toBeLessThanOrEqual(100);
    expect(await countOf(projector, "hot-batch", "hot")).toMatchObject({
      products: 1_000,
      prices: { USD: { count: 1_000 } },
    });
  });

  test("sixteen projectors at once end with every product counted, and no delivery fails", async () => {
    const name = "hot-many";
    const each = 10;
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, async (_, p) => {
        const { projector } = counting("ProductService-Events", {
          projections: [treeNamed(name)],
          generationsMaxAgeMs: 60_000,
        });
        const events = Array.from({ length: each }, (_, n) => created(`many-${p}-${n}`, "hot"));
        const [outcome] = await projector.project(batchOf(events));
        return outcome!.failures;
      }),
    );
    expect(outcomes.flat()).toEqual([]);
    const { projector } = counting("ProductService-Events", { projections: [treeNamed(name)] });
    expect(await countOf(projector, name, "hot")).toMatchObject({ products: 16 * each });
  }, 120_000);

  test("one product that is to blame is parked, and the others are counted in the same batch", async () => {
    const name = "hot-bad";
    const bad = {
      ...created("bad-50", "hot"),
      eventData: { ...created("bad-50", "hot").eventData, price: null as never },
    };
    const events = Array.from({ length: 100 }, (_, n) => (n === 50 ? bad : created(`fine-${n}`, "hot")));
    const { projector, count } = counting("ProductService-Events", { projections: [treeNamed(name)], parkAfter: 1 });
    const [outcome] = await projector.project(batchOf(events));
    expect(outcome).toMatchObject({ applied: 99, parked: 1, failures: [] });
    expect(count.transactions).toBeLessThanOrEqual(6);
    expect(await countOf(projector, name, "hot")).toMatchObject({ products: 99 });
  });

  test("a shared row that becomes too large stops the entity whose event made it so, and no other", async () => {
    const name = "hot-large";
    const at = { partition: "all", key: "all" };
    const collecting: Projection = {
      name,
      kind: "rows-across-entities",
      from: { Product: ["ProductCreated"] },
      async change({ eventData, entityId }, rows) {
        const row = (await rows.get(at)) as { all: string[] } | undefined;
        const text = entityId === "large-5" ? "x".repeat(410_000) : entityId;
        rows.set(at, { all: [...(row?.all ?? []), text], last: eventData.name });
      },
    };
    const { projector } = counting("ProductService-Events", { projections: [collecting], parkAfter: 1 });
    const events = Array.from({ length: 12 }, (_, n) => created(`large-${n}`, "hot"));
    expect(await projector.project(batchOf(events))).toMatchObject([{ applied: 11, parked: 1, failures: [] }]);
    const reader = createRowReader(projector.context.table, projector.generations, collecting);
    const { rows } = await reader.sharedRows("all");
    expect((rows[0] as { all: string[] }).all).toEqual(
      events.map(({ entityId }) => entityId).filter((id) => id !== "large-5"),
    );
  });

  test("an event that touches more rows than a transaction holds parks its own entity", async () => {
    const wide: Projection = {
      name: "hot-wide",
      kind: "rows-across-entities",
      from: { Product: ["ProductCreated"] },
      async change({ entityId }, rows) {
        const many = entityId === "wide-1" ? 120 : 1;
        for (let n = 0; n < many; n += 1) {
          const at = { partition: entityId, key: String(n) };
          await rows.get(at);
          rows.set(at, { n });
        }
      },
    };
    const { projector } = counting("ProductService-Events", { projections: [wide], parkAfter: 1 });
    const events = [0, 1, 2].map((n) => created(`wide-${n}`, "hot"));
    expect(await projector.project(batchOf(events))).toMatchObject([{ applied: 2, parked: 1, failures: [] }]);
  });

  test("a read that is refused is nobody's fault, whatever the event's code makes of it", async () => {
    const swallowing: Projection = {
      name: "hot-denied",
      kind: "rows-across-entities",
      from: { Product: ["ProductCreated"] },
      async change(_event, rows) {
        await rows.get({ partition: "all", key: "all" }).catch(() => undefined);
      },
    };
    const client = engine.connect({ maxAttempts: 1 });
    injectFaults(client, ({ operation, input }) =>
      operation === "GetItemCommand" && JSON.stringify(input).includes("row#all") ? "denied" : undefined,
    );
    const projector = openProjector(engine, { client, projections: [swallowing], parkAfter: 1 });
    const [outcome] = await projector.project(batchOf([created("denied-1", "hot")]));
    expect(outcome).toMatchObject({ parked: 0, failures: [{ entityId: "denied-1", fromSequence: 1 }] });
    expect(String(outcome!.failures[0]!.error)).toContain("not authorized");
  });
});
