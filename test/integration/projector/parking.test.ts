import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { productCatalog } from "../../../projections/product-catalog.ts";
import { productPriceHistory } from "../../../projections/product-price-history.ts";
import type { Projection } from "../../../src/definition/index.ts";
import type { StoredEvent } from "../../../src/event-store/index.ts";
import { createRowReader, retryParked, skipParked } from "../../../src/projector/dynamodb/index.ts";
import { batchAnswer, listParked, type ParkedEntity } from "../../../src/stream/index.ts";
import { storedEvent } from "../../support/bare-table.ts";
import { documents, READ_MODELS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { batchOf, openProjector, productEvent } from "../../support/projecting.ts";
import { openStore } from "../../support/store.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const product = (entityId: string, sequenceNumber: number): StoredEvent =>
  storedEvent({ entityId, sequenceNumber, aggregateType: "Product", ...productEvent(entityId, sequenceNumber) });

/** The catalog with a bug that throws on one event. */
const broken = (name: string, poison: { entityId: string; sequenceNumber: number }): Projection => ({
  ...(productCatalog as Projection & { kind: "row-per-entity" }),
  name,
  evolve(row, event) {
    if (event.entityId === poison.entityId && event.sequenceNumber === poison.sequenceNumber)
      throw new Error("a bug in the projection");
    return (productCatalog as unknown as { evolve(row: unknown, event: StoredEvent): unknown }).evolve(row, event);
  },
});
const fixed = (name: string): Projection => ({ ...(productCatalog as Projection), name });

async function parkedIn(name: string): Promise<ParkedEntity[]> {
  const all: ParkedEntity[] = [];
  for await (const parked of listParked({ client: documents(engine.client), name: READ_MODELS }, name))
    all.push(parked);
  return all;
}

async function store(entityId: string, upTo: number): Promise<StoredEvent[]> {
  const writer = openStore(engine);
  for (let n = 1; n <= upTo; n += 1) {
    const { eventType, eventData } = productEvent(entityId, n);
    await writer.appendEvent("Product", entityId, eventType, eventData, "ann", "c-1", n - 1);
  }
  return writer.getEvents(entityId);
}

test("a poisoned event among 1,000 entities: 999 are up to date, one is parked with its payload, after the fix 1,000", async () => {
  const name = "catalog-of-1000";
  const ids = Array.from({ length: 1_000 }, (_, n) => `many-${n}`);
  const poisoned = ids[500]!;
  const histories = await store(poisoned, 4);
  const events = ids.flatMap((id) => (id === poisoned ? histories : [1, 2, 3].map((n) => product(id, n))));
  const projector = openProjector(engine, {
    projections: [broken(name, { entityId: poisoned, sequenceNumber: 2 })],
    parkAfter: 3,
  });
  for (let delivery = 1; delivery <= 3; delivery += 1) {
    const [outcome] = await projector.project(batchOf(events));
    expect(outcome!.failures).toHaveLength(delivery < 3 ? 1 : 0);
  }
  const [parked, ...others] = await parkedIn(name);
  expect(others).toEqual([]);
  expect(parked).toMatchObject({
    entityId: poisoned,
    sequenceNumber: 2,
    attempts: 3,
    event: { eventType: "PriceUpdated" },
  });
  expect(parked!.error).toMatch(/a bug in the projection[\s\S]*at /);
  const reader = (projection: Projection) =>
    createRowReader(projector.context.table, projector.generations, projection);
  const versions = await Promise.all(ids.map(async (id) => (await reader(fixed(name)).row(id))?.version));
  expect(versions.filter((version) => version === 3)).toHaveLength(999);
  expect(await reader(fixed(name)).row(poisoned)).toMatchObject({ version: 1 });

  const mended = openProjector(engine, { projections: [fixed(name)] });
  const [waiting] = await mended.project(batchOf(histories.slice(3)));
  expect(waiting).toMatchObject({ parked: 1, failures: [] });
  expect(await retryParked(mended, name, poisoned)).toMatchObject([{ applied: 3, parked: false }]);
  expect(await reader(fixed(name)).row(poisoned)).toMatchObject({ version: 4 });
  expect(await parkedIn(name)).toEqual([]);
  await expect(retryParked(mended, name, poisoned)).rejects.toMatchObject({ code: "NOT_PARKED" });
}, 240_000);

describe("a parked entity", () => {
  test("can pass the one event by", async () => {
    const name = "catalog-skip";
    const events = await store("skip-1", 4);
    const projector = openProjector(engine, {
      projections: [broken(name, { entityId: "skip-1", sequenceNumber: 3 })],
      parkAfter: 1,
    });
    await projector.project(batchOf(events));
    expect(await parkedIn(name)).toHaveLength(1);
    expect(await skipParked(projector, name, "skip-1")).toMatchObject([{ applied: 1 }]);
    expect(
      await createRowReader(projector.context.table, projector.generations, fixed(name)).row("skip-1"),
    ).toMatchObject({ version: 4 });
  });

  test("does not stop its other projections, and events before the bad one count", async () => {
    const events = await store("mixed-1", 4);
    const bad = broken("catalog-mixed", { entityId: "mixed-1", sequenceNumber: 3 });
    const projector = openProjector(engine, { projections: [bad, productPriceHistory as Projection], parkAfter: 5 });
    const outcomes = await projector.project(batchOf(events));
    expect(outcomes.map(({ applied, failures }) => [applied, failures.length])).toEqual([
      [2, 1],
      [4, 0],
    ]);
    const records = events.map((event, n) => ({
      recordId: String(100 + n),
      entityId: event.entityId,
      sequenceNumber: event.sequenceNumber,
      event,
    }));
    expect(
      batchAnswer(
        records,
        outcomes.flatMap(({ failures }) => failures),
      ),
    ).toEqual({ batchItemFailures: [{ itemIdentifier: "102" }] });
  });

  test("a row that cannot be stored parks its entity too", async () => {
    const name = "catalog-huge";
    const huge: Projection = {
      ...(fixed(name) as Projection & { kind: "row-per-entity" }),
      lists: {},
      evolve: (_row, event) =>
        event.sequenceNumber >= 2 ? { text: "x".repeat(450_000) } : { n: event.sequenceNumber },
    };
    const events = await store("huge-1", 3);
    const projector = openProjector(engine, { projections: [huge], parkAfter: 2 });
    for (const _ of [1, 2]) await projector.project(batchOf(events));
    expect(await parkedIn(name)).toMatchObject([{ entityId: "huge-1", sequenceNumber: 2, attempts: 2 }]);
  });

  test("an event that the store does not have parks, it does not spin", async () => {
    const projector = openProjector(engine, { projections: [fixed("catalog-ghost")], parkAfter: 1 });
    await projector.project([{ entityId: "ghost", upTo: 3, events: [] }]);
    expect(await parkedIn("catalog-ghost")).toMatchObject([
      { sequenceNumber: 1, error: expect.stringContaining("not in the store") },
    ]);
  });

  test("throttles and lost connections are nobody's fault", async () => {
    const client = engine.connect({ maxAttempts: 1 });
    client.middlewareStack.add(
      (next, context) => async (args) => {
        if (/Put|Transact/.test(String(context.commandName)))
          throw Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException" });
        return next(args);
      },
      { step: "initialize" },
    );
    await openProjector(engine, { projections: [fixed("catalog-throttled")] }).project([]);
    const projector = openProjector(engine, { client, projections: [fixed("catalog-throttled")], parkAfter: 1 });
    const [outcome] = await projector.project(batchOf(await store("throttled-1", 2)));
    expect(outcome!.failures).toMatchObject([{ entityId: "throttled-1", fromSequence: 1 }]);
    expect(await parkedIn("catalog-throttled")).toEqual([]);
  }, 60_000);

  test("that fails again on its retry is still listed, and a later retry goes on", async () => {
    const name = "catalog-again";
    const events = await store("again-1", 3);
    const broke = openProjector(engine, {
      projections: [broken(name, { entityId: "again-1", sequenceNumber: 2 })],
      parkAfter: 2,
    });
    for (const _ of [1, 2]) await broke.project(batchOf(events));
    expect(await retryParked(broke, name, "again-1")).toMatchObject([{ failedAt: 2, parked: false }]);
    expect(await parkedIn(name)).toMatchObject([{ entityId: "again-1", sequenceNumber: 2 }]);
    const mended = openProjector(engine, { projections: [fixed(name)] });
    expect(await retryParked(mended, name, "again-1")).toMatchObject([{ applied: 2 }]);
    expect(await parkedIn(name)).toEqual([]);
  });

  test("is parked with an event that holds a number beyond those of JavaScript's integers", async () => {
    const name = "catalog-number";
    const events = (await store("number-1", 2)).map((event) => ({
      ...event,
      eventData: { ...event.eventData, n: 1e20 },
    }));
    const copying: Projection = {
      ...(fixed(name) as Projection & { kind: "row-per-entity" }),
      lists: {},
      evolve: (_row, event) => ({ n: (event.eventData as { n: number }).n }),
    };
    const projector = openProjector(engine, { projections: [copying], parkAfter: 2 });
    for (const _ of [1, 2]) await projector.project(batchOf(events));
    expect(await parkedIn(name)).toMatchObject([{ entityId: "number-1", event: { eventData: { n: 1e20 } } }]);
  });

  test("leaves nothing of its bad event in a row that the projection altered in place", async () => {
    const name = "sum-in-place";
    type Sum = { n: number };
    const at = { partition: "sums", key: "all" };
    const summing = (isBroken: boolean): Projection<Sum> => ({
      kind: "rows-across-entities",
      name,
      from: { Product: ["ProductCreated", "PriceUpdated"] },
      async change(event, rows) {
        const row = (await rows.get(at)) ?? { n: 0 };
        row.n += 1;
        rows.set(at, row);
        if (isBroken && event.sequenceNumber === 2) throw new Error("a bug in the projection");
      },
    });
    const events = await store("sum-1", 3);
    const broke = openProjector(engine, { projections: [summing(true) as Projection], parkAfter: 2 });
    for (const _ of [1, 2]) await broke.project(batchOf(events));
    const mended = openProjector(engine, { projections: [summing(false) as Projection] });
    expect(await retryParked(mended, name, "sum-1")).toMatchObject([{ applied: 2 }]);
    const reader = createRowReader(mended.context.table, mended.generations, summing(false));
    expect(await reader.sharedRows(at.partition)).toMatchObject({ rows: [{ n: 3 }] });
  });
});
