import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { productCatalog } from "../../../projections/product-catalog.ts";
import type { Projection } from "../../../src/definition/index.ts";
import { createRowReader, rebuild, rollback } from "../../../src/projector/dynamodb/index.ts";
import { createBareEventsTable, putEvents, storedEvent } from "../../support/bare-table.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { injectFaults, ProcessDeath } from "../../support/faults.ts";
import { openProjector, productEvent } from "../../support/projecting.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const catalog = productCatalog as Projection;
const clock = () => new Date();
const pause = async () => undefined;

const event = (entity: number, sequenceNumber: number) => {
  const entityId = `p-${entity}`;
  return storedEvent({ entityId, sequenceNumber, aggregateType: "Product", ...productEvent(entityId, sequenceNumber) });
};

test("a rebuild whose rows are refused again and again ends with the reason, and nothing of it runs on", async () => {
  const eventsTable = "Refused-Events";
  await createBareEventsTable(engine.client, eventsTable);
  await putEvents(engine.client, eventsTable, 400, (n) => event(n % 40, Math.floor(n / 40) + 1));
  const refused = { ...catalog, name: "refused" } as Projection;
  const client = engine.connect({ maxAttempts: 1 });
  let isRefusing = true;
  let requests = 0;
  let open = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      open += 1;
      return next(args).finally(() => {
        open -= 1;
      });
    },
    { step: "initialize", priority: "high" },
  );
  injectFaults(client, ({ operation, input }) => {
    requests += 1;
    const isRow = /^Put/.test(operation) && JSON.stringify(input.Item).includes("p-");
    return isRefusing && isRow ? "denied" : undefined;
  });
  const projector = openProjector(engine, { eventsTable, projections: [refused], client });
  const options = { clock, pause, pageSize: 50 };
  await expect(rebuild(projector, refused, options)).rejects.toThrow("not authorized");
  const sent = requests;
  await new Promise(setImmediate);
  expect({ requests, open }).toEqual({ requests: sent, open: 0 });

  isRefusing = false;
  expect(await rebuild(projector, refused, options)).toEqual({ generation: 2 });
  const reader = createRowReader(projector.context.table, projector.generations, refused);
  expect(await reader.row("p-39")).toMatchObject({ version: 10 });
});

test("a lost reply mutex no rollback round, and a rebuild cut off goes on with another number of segments", async () => {
  const eventsTable = "Lost-Events";
  await createBareEventsTable(engine.client, eventsTable);
  await putEvents(engine.client, eventsTable, 160, (n) => event(n % 16, Math.floor(n / 16) + 1));
  const lost = { ...catalog, name: "lost" } as Projection;
  const client = engine.connect();
  let loses = false;
  injectFaults(client, ({ operation, input }) => {
    if (!loses || !/Put/.test(operation) || !("generations" in (input.Item as object))) return undefined;
    loses = false;
    return "lost-reply";
  });
  const dying = engine.connect({ maxAttempts: 1 });
  let scans = 0;
  injectFaults(dying, ({ operation }) => {
    scans += operation === "ScanCommand" ? 1 : 0;
    return scans > 6 ? "death-before" : undefined;
  });
  const options = { clock, pause, pageSize: 10 };
  const killed = openProjector(engine, { eventsTable, projections: [lost], client: dying });
  await expect(rebuild(killed, lost, { ...options, segments: 4 })).rejects.toBeInstanceOf(ProcessDeath);

  const projector = openProjector(engine, { eventsTable, projections: [lost], client });
  expect(await rebuild(projector, lost, { ...options, segments: 2 })).toEqual({ generation: 2 });
  const reader = createRowReader(projector.context.table, projector.generations, lost);
  const rows = await Promise.all(Array.from({ length: 16 }, (_, n) => reader.row(`p-${n}`)));
  expect(rows.map((row) => row?.version)).toEqual(Array.from({ length: 16 }, () => 10));
  loses = true;
  expect(await rollback(projector, lost, { clock })).toEqual({ generation: 1 });
  expect(loses).toBe(false);
  expect(await projector.generations.get("lost", 1)).toMatchObject({ serving: 1, previous: 2 });
});

test.each([
  ["segments", 0],
  ["segments", 1.5],
  ["segments", Number.NaN],
  ["pageSize", 0],
  ["capacityPerSecond", -1],
])("%s %d is refused before anything is begun", async (field, value) => {
  const name = "unbegun";
  const projector = openProjector(engine, { projections: [{ ...catalog, name } as Projection] });
  const refused = rebuild(projector, { ...catalog, name } as Projection, { clock, pause, [field]: value });
  await expect(refused).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    field,
    message: expect.stringContaining(`got ${value}`),
  });
  expect((await projector.generations.get(name, 1)).all).toHaveLength(1);
});
