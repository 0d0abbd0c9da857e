import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Projection } from "../../../src/definition/index.ts";
import type { StoredEvent } from "../../../src/event-store/index.ts";
import { createRowReader, repairLag } from "../../../src/projector/dynamodb/index.ts";
import { putEvents, storedEvent } from "../../support/bare-table.ts";
import { catalogOver } from "../../support/catalog-over.ts";
import { EVENTS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { batchOf, openProjector } from "../../support/projecting.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const HOUR = 3_600_000;
const never = () => false;

const event = (type: string, entityId: string, hoursAgo: number): StoredEvent =>
  storedEvent({
    entityId,
    sequenceNumber: 1,
    aggregateType: type,
    eventType: "ProductCreated",
    eventTime: new Date(Date.now() - hoursAgo * HOUR).toISOString(),
    eventData: { name: entityId, description: "", price: { amount: 1, currency: "USD" }, categoryId: null },
  });

async function store(events: readonly StoredEvent[]): Promise<void> {
  await putEvents(engine.client, EVENTS, events.length, (n) => events[n]!);
}

test("an event lost a day ago, and one dropped among 3,000, are found, reported and made up for; each event is looked at once", async () => {
  const type = "swept";
  const catalog = catalogOver(type);
  const projector = openProjector(engine, { projections: [catalog], reader: type });
  const taken = Array.from({ length: 3_000 }, (_, n) => event(type, `swept-${n}`, 22 - n / 200));
  await store([...taken, event(type, "lost", 25), event(type, "straggler", 12.5)]);
  for (let n = 0; n < taken.length; n += 500) await projector.project(batchOf(taken.slice(n, n + 500)));
  const [report] = await repairLag(projector, never);
  expect(report).toEqual({
    aggregateType: type,
    entities: 3_002,
    behind: ["lost", "straggler"],
    failed: [],
    isDone: true,
  });
  const reader = createRowReader(projector.context.table, projector.generations, catalog);
  expect(await reader.checkpoint("lost")).toBe(1);
  expect(await reader.checkpoint("straggler")).toBe(1);
  expect((await repairLag(projector, never))[0]).toMatchObject({ entities: expect.any(Number), behind: [] });
  expect((await repairLag(projector, never))[0]!.entities).toBeLessThan(400);
}, 120_000);

test("goes on where the time ran out, and takes again what could not be brought up", async () => {
  const type = "slow-sweep";
  const events = Array.from({ length: 2_500 }, (_, n) => event(type, `slow-${n}`, 30 - n / 200));
  await store(events);
  let isBroken = true;
  const catalog = catalogOver(type);
  const flaky: Projection = {
    ...(catalog as Projection & { kind: "row-per-entity" }),
    evolve: (row, one) => {
      if (isBroken && one.entityId === "slow-7") throw new Error("boom");
      return (catalog as Projection & { kind: "row-per-entity" }).evolve(row, one);
    },
  };
  const projector = openProjector(engine, { projections: [flaky], reader: type, parkAfter: 10 });
  let looks = 0;
  const once = () => {
    looks += 1;
    return looks === 1 ? false : looks > 4_000;
  };
  const reports = [];
  for (let run = 0; run < 4; run += 1) reports.push(...(await repairLag(projector, once)));
  const looked = reports.reduce((sum, { behind }) => sum + behind.length, 0);
  expect(looked).toBeGreaterThanOrEqual(2_500);
  expect(reports.flatMap(({ failed }) => failed)).toContain("slow-7");
  isBroken = false;
  await repairLag(projector, never);
  await repairLag(projector, never);
  const reader = createRowReader(projector.context.table, projector.generations, flaky);
  expect(await Promise.all(["slow-0", "slow-7", "slow-2499"].map((id) => reader.checkpoint(id)))).toEqual([1, 1, 1]);
}, 120_000);

test("what is parked is left alone, and what is younger than a quarter of an hour is the stream's", async () => {
  const type = "left-alone";
  const broken: Projection = {
    name: type,
    kind: "row-per-entity",
    from: { [type]: ["ProductCreated"] },
    evolve: () => {
      throw new Error("boom");
    },
  };
  const projector = openProjector(engine, { projections: [broken], reader: type, parkAfter: 1 });
  const events = [event(type, "parked-one", 3), event(type, "young", 0.1)];
  await store(events);
  await projector.project(batchOf(events.slice(0, 1)));
  expect(await repairLag(projector, never)).toMatchObject([{ entities: 1, behind: [], isDone: true }]);
});

test("loses nothing when it is cut off within its first slice, again and again", async () => {
  const type = "cut-sweep";
  const events = Array.from({ length: 1_500 }, (_, n) => event(type, `cut-${n}`, 30));
  await store(events);
  const projector = openProjector(engine, { projections: [catalogOver(type)], reader: type, concurrency: 1 });
  let looks = 0;
  const after = (most: number) => () => {
    looks += 1;
    return looks > most;
  };
  for (const most of [2, 700, 800]) {
    looks = 0;
    await repairLag(projector, after(most));
  }
  await repairLag(projector, never);
  const left = await repairLag(projector, never);
  expect(left).toMatchObject([{ behind: [] }]);
  const reader = createRowReader(projector.context.table, projector.generations, catalogOver(type));
  const checkpoints = await Promise.all(events.map(({ entityId }) => reader.checkpoint(entityId)));
  expect(checkpoints.filter((checkpoint) => checkpoint !== 1)).toEqual([]);
}, 120_000);
