import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { productCatalog } from "../../../projections/product-catalog.ts";
import type { Projection } from "../../../src/definition/index.ts";
import {
  createRowReader,
  forgetGeneration,
  type Projector,
  rebuild,
  removeRows,
  rollback,
  verify,
} from "../../../src/projector/dynamodb/index.ts";
import { createBareEventsTable, putEvents, storedEvent } from "../../support/bare-table.ts";
import { documents, READ_MODELS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { injectFaults, ProcessDeath } from "../../support/faults.ts";
import { batchOf, openProjector, productEvent } from "../../support/projecting.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const catalog = productCatalog as Projection;
const ENTITIES = 2_000;
const EACH = 20;
const clock = () => new Date();
const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

const event = (entity: number, sequenceNumber: number) => {
  const entityId = `p-${entity}`;
  return storedEvent({ entityId, sequenceNumber, aggregateType: "Product", ...productEvent(entityId, sequenceNumber) });
};

async function differences(projector: Projector) {
  const { store, table, eventTypes } = projector.context;
  const generations = await projector.generations.get(catalog.name, 1);
  const result = await verify({ store, table, eventTypes }, catalog, {
    name: catalog.name,
    number: generations.serving,
  });
  return { generation: generations.serving, differences: result.differences, behind: result.behind, rows: result.rows };
}

test("40,000 events are rebuilt under live writes and reads, killed at half and resumed", async () => {
  const eventsTable = "Rebuild-Events";
  await createBareEventsTable(engine.client, eventsTable);
  await putEvents(engine.client, eventsTable, ENTITIES * EACH, (n) =>
    event(n % ENTITIES, Math.floor(n / ENTITIES) + 1),
  );
  const live = openProjector(engine, { eventsTable, projections: [catalog] });
  for (let start = 0; start < ENTITIES; start += 500) {
    const entities = Array.from({ length: 500 }, (_, n) => ({ entityId: `p-${start + n}`, upTo: EACH, events: [] }));
    await live.project(entities.slice(0, 50));
  }

  const reader = createRowReader(live.context.table, live.generations, productCatalog);
  const seen = new Map<number, number>();
  let isLoaded = true;
  let reads = 0;
  const backward: string[] = [];
  const heads = new Map<number, number>();
  async function readAlong(): Promise<void> {
    while (isLoaded) {
      const entity = reads % 50;
      const version = (await reader.row(`p-${entity}`))?.version ?? 0;
      if (version < (seen.get(entity) ?? 0)) backward.push(`p-${entity}: ${seen.get(entity)} → ${version}`);
      seen.set(entity, version);
      await reader.list("byName", "all", { limit: 5 });
      reads += 1;
    }
  }
  async function writeAlong(): Promise<void> {
    for (let n = 0; isLoaded; n += 1) {
      const entity = (n * 37) % ENTITIES;
      const next = event(entity, (heads.get(entity) ?? EACH) + 1);
      heads.set(entity, next.sequenceNumber);
      await putEvents(engine.client, eventsTable, 1, () => next);
      await live.project(batchOf([next]));
      await pause(5);
    }
  }
  const along = Promise.all([readAlong(), writeAlong()]);

  const scans: string[] = [];
  const dying = engine.connect({ maxAttempts: 1 });
  const note = ({ operation, input }: { operation: string; input: Record<string, unknown> }) => {
    if (operation !== "ScanCommand" || input.TableName !== eventsTable) return;
    scans.push(
      `${input.Segment}:${JSON.stringify((input.ExclusiveStartKey as { entityId?: unknown } | undefined)?.entityId ?? null)}`,
    );
  };
  const options = { segments: 4, pageSize: 1_000, clock, pause, expectedEvents: ENTITIES * EACH };
  injectFaults(dying, (request) => {
    note(request);
    return scans.length > 24 ? "death-before" : undefined;
  });
  const killed = openProjector(engine, { eventsTable, projections: [catalog], client: dying });
  await expect(rebuild(killed, catalog, options)).rejects.toBeInstanceOf(ProcessDeath);
  const firstScans = new Set(scans.slice(0, -4));
  scans.length = 0;

  const client = engine.connect();
  injectFaults(client, (request) => void note(request));
  const resumed = openProjector(engine, { eventsTable, projections: [catalog], client });
  const told: number[] = [];
  const { generation } = await rebuild(resumed, catalog, { ...options, onProgress: ({ events }) => told.push(events) });
  isLoaded = false;
  await along;
  expect(generation).toBe(2);
  expect(scans.filter((scan) => firstScans.has(scan)).length).toBeLessThanOrEqual(4);
  expect(told.at(-1)).toBeGreaterThanOrEqual(ENTITIES * EACH);
  expect(backward).toEqual([]);
  expect(reads).toBeGreaterThan(20);
  await pause(200);
  expect(await differences(openProjector(engine, { eventsTable, projections: [catalog] }))).toEqual({
    generation: 2,
    differences: [],
    behind: [],
    rows: ENTITIES,
  });

  expect(await rollback(live, catalog, { clock })).toEqual({ generation: 1 });
  await expect(forgetGeneration(live, catalog, { generation: 1, clock })).rejects.toThrow("is the serving one");
  expect(await rollback(live, catalog, { clock })).toEqual({ generation: 2 });
  await forgetGeneration(live, catalog, { generation: 1, clock });
  expect(
    await removeRows({ client: documents(engine.client), name: READ_MODELS }, { name: catalog.name, number: 1 }),
  ).toBeGreaterThan(0);
  expect(await differences(openProjector(engine, { eventsTable, projections: [catalog] }))).toMatchObject({
    differences: [],
  });
}, 400_000);

test("two versions of a projection stand side by side, and the newer is served once it is built", async () => {
  const eventsTable = "Versions-Events";
  await createBareEventsTable(engine.client, eventsTable);
  await putEvents(engine.client, eventsTable, 30, (n) => event(n % 3, Math.floor(n / 3) + 1));
  const one = { ...(catalog as Projection & { kind: "row-per-entity" }), name: "versioned", version: 1 } as Projection;
  const two = {
    ...one,
    version: 2,
    evolve: (_row: unknown, { sequenceNumber }: { sequenceNumber: number }) => ({ name: "n", sequenceNumber }),
    lists: {},
  } as unknown as Projection;
  const projector = openProjector(engine, { eventsTable, projections: [one, two] });
  // Both have one name, and the first generation is of the version that is asked for first.
  await projector.generations.get(one.name, 1);
  await projector.project([0, 1, 2].map((n) => ({ entityId: `p-${n}`, upTo: 10, events: [] })));
  const reader = (projection: Projection) =>
    createRowReader(projector.context.table, projector.generations, projection);
  await expect(reader(two).row("p-0")).rejects.toMatchObject({ code: "NOT_BUILT" });
  expect(await reader(one).row("p-0")).toMatchObject({ version: 10 });
  await rebuild(projector, two, { clock, pause, segments: 2 });
  expect(await reader(two).row("p-0")).toEqual({ row: { name: "n", sequenceNumber: 10 }, version: 10 });
  await rollback(projector, one, { clock });
  expect(await reader(one).row("p-0")).toMatchObject({ version: 10 });
});

test("a rebuild keeps to its capacity units a second", async () => {
  const eventsTable = "Paced-Events";
  await createBareEventsTable(engine.client, eventsTable);
  await putEvents(engine.client, eventsTable, 600, (n) => event(n % 20, Math.floor(n / 20) + 1));
  const projector = openProjector(engine, { eventsTable, projections: [{ ...catalog, name: "paced" } as Projection] });
  const pauses: number[] = [];
  const waiting = async (milliseconds: number) => void pauses.push(milliseconds);
  await rebuild(projector, { ...catalog, name: "paced" } as Projection, {
    clock: () => new Date(0),
    pause: waiting,
    segments: 1,
    pageSize: 100,
    capacityPerSecond: 10,
  });
  const paced = pauses.slice(1);
  expect(paced.length).toBeGreaterThanOrEqual(5);
  expect(paced.at(-1)).toBeGreaterThan(1_000);
});
