import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { StoredEvent } from "../../../src/event-store/index.ts";
import { createTables } from "../../../src/local/tables.ts";
import { productService } from "../../../src/product/service.ts";
import { type Projector, verify } from "../../../src/projector/dynamodb/index.ts";
import { createBareEventsTable, putEvents, storedEvent } from "../../support/bare-table.ts";
import { documents, serviceDefinition, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { injectFaults, ProcessDeath } from "../../support/faults.ts";
import { batchOf, openProjector, productEvent } from "../../support/projecting.ts";

const { projections } = productService;

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

let tables = 0;

/** Tables of their own for one history. */
async function newTables(): Promise<{ eventsTable: string; readModelsTable: string }> {
  tables += 1;
  const [eventsTable, readModelsTable] = [`Events-${tables}`, `ReadModels-${tables}`];
  await createBareEventsTable(engine.client, eventsTable);
  const definition = serviceDefinition().tables.find(({ logicalId }) => logicalId === "ReadModelsTable")!;
  await createTables(engine.client, [
    { ...definition, name: readModelsTable, create: { ...definition.create, TableName: readModelsTable } },
  ]);
  return { eventsTable, readModelsTable };
}

function historyOf(lengths: readonly number[]): StoredEvent[] {
  const products = lengths.flatMap((length, index) =>
    Array.from({ length }, (_, n) =>
      storedEvent({
        entityId: `p-${"x".repeat(index)}`,
        sequenceNumber: n + 1,
        aggregateType: "Product",
        ...productEvent(`p-${"x".repeat(index)}`, n + 1),
      }),
    ),
  );
  const categories = [0, 1, 2].map((n) =>
    storedEvent({
      entityId: `cat-${n}`,
      sequenceNumber: 1,
      aggregateType: "Category",
      eventType: "CategoryCreated",
      eventData: { name: `c${n}`, parentId: n === 0 ? null : "cat-0" },
    }),
  );
  return [...categories, ...products];
}

async function expectNoDifference(
  at: { eventsTable: string; readModelsTable: string },
  events: readonly StoredEvent[],
): Promise<void> {
  const projector = openProjector(engine, at);
  const { store, table, eventTypes } = projector.context;
  for (const { projection, generation: of } of await projector.targets()) {
    const { differences, behind, rows } = await verify({ store, table, eventTypes }, projection, of);
    expect({ name: of.name, differences, behind }).toEqual({ name: of.name, differences: [], behind: [] });
    expect(rows).toBeGreaterThan(0);
  }
  expect(events.length).toBeGreaterThan(0);
}

test("a shuffled, duplicated, dropped history given to two projectors at once ends as the fold", async () => {
  const histories = fc.array(fc.integer({ min: 1, max: 14 }), { minLength: 2, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(histories, fc.integer(), fc.integer({ min: 1, max: 9 }), async (lengths, seed, size) => {
      const at = await newTables();
      const events = historyOf(lengths);
      await putEvents(engine.client, at.eventsTable, events.length, (n) => events[n]!, "map");
      let state = seed >>> 0;
      const random = () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 2 ** 32;
      };
      const delivered = events.flatMap((event) => (random() < 0.15 ? [] : random() < 0.2 ? [event, event] : [event]));
      const lasts = [...new Map(events.map((event) => [event.entityId, event])).values()];
      const order = [...delivered, ...lasts]
        .map((event) => [random(), event] as const)
        .sort(([a], [b]) => a - b)
        .map(([, event]) => event);
      const projectors = [openProjector(engine, at), openProjector(engine, at)];
      const run = async (projector: Projector, offset: number) => {
        for (let start = offset * size; start < order.length; start += 2 * size) {
          const outcomes = await projector.project(batchOf(order.slice(start, start + size)));
          expect(outcomes.flatMap(({ failures }) => failures.map(({ error }) => String(error)))).toEqual([]);
        }
      };
      await Promise.all(projectors.map(run));
      await expectNoDifference(at, events);
    }),
    { numRuns: 12 },
  );
}, 300_000);

test("a crash before and after every single SDK call in turn changes nothing in the end", async () => {
  const events = historyOf([6, 4]);
  const half = Math.ceil(events.length / 2);
  const batches = [events.slice(0, half), events];
  const at = await newTables();
  await putEvents(engine.client, at.eventsTable, events.length, (n) => events[n]!, "map");
  let calls = 0;
  const counting = engine.connect({ maxAttempts: 1 });
  injectFaults(counting, () => {
    calls += 1;
    return undefined;
  });
  const whole = openProjector(engine, { ...at, client: counting });
  for (const batch of batches) await whole.project(batchOf(batch));
  for (let call = 1; call <= calls; call += 1) {
    for (const fault of ["death-before", "death-after"] as const) {
      const fresh = { ...at, readModelsTable: `Crash-${call}-${fault}` };
      const definition = serviceDefinition().tables.find(({ logicalId }) => logicalId === "ReadModelsTable")!;
      const create = { ...definition.create, TableName: fresh.readModelsTable };
      await createTables(engine.client, [{ ...definition, name: fresh.readModelsTable, create }]);
      let sent = 0;
      const client = engine.connect({ maxAttempts: 1 });
      injectFaults(client, () => {
        sent += 1;
        return sent === call ? fault : undefined;
      });
      const dying = openProjector(engine, { ...fresh, client });
      try {
        for (const batch of batches) await dying.project(batchOf(batch));
      } catch (error) {
        expect(error).toBeInstanceOf(ProcessDeath);
      }
      const next = openProjector(engine, fresh);
      for (const batch of batches) await next.project(batchOf(batch));
      await expectNoDifference(fresh, events);
    }
  }
  expect(calls).toBeGreaterThan(20);
}, 300_000);

test("verify lists a row that was changed, one that is missing and one that is too many", async () => {
  const at = await newTables();
  const events = historyOf([3, 3]);
  await putEvents(engine.client, at.eventsTable, events.length, (n) => events[n]!, "map");
  const projector = openProjector(engine, at);
  await projector.project(batchOf(events));
  const client = documents(engine.client);
  const [target] = await projector.targets();
  const { PutCommand, DeleteCommand } = await import("@aws-sdk/lib-dynamodb");
  await client.send(
    new PutCommand({
      TableName: at.readModelsTable,
      Item: { pk: "product-catalog@1#p-", sk: "row", entityId: "p-", checkpoint: 3, revision: 9, row: { wrong: true } },
    }),
  );
  await client.send(
    new DeleteCommand({ TableName: at.readModelsTable, Key: { pk: "product-catalog@1#nobody", sk: "row" } }),
  );
  await client.send(
    new PutCommand({
      TableName: at.readModelsTable,
      Item: {
        pk: "product-catalog@1#ghost",
        sk: "row",
        entityId: "ghost",
        checkpoint: 1,
        revision: 1,
        row: { ghost: true },
      },
    }),
  );
  const { store, table, eventTypes } = projector.context;
  const { differences } = await verify({ store, table, eventTypes }, projections[0]!, target!.generation);
  expect(differences.map(({ key, found }) => [key, found])).toEqual(
    expect.arrayContaining([
      ["product-catalog@1#p- row", { wrong: true }],
      ["product-catalog@1#ghost row", { ghost: true }],
    ]),
  );
  expect(differences).toHaveLength(2);
});
