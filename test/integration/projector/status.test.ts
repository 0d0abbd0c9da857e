import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Projection } from "../../../src/definition/index.ts";
import type { DynamoDBEventStore } from "../../../src/event-store/dynamodb/index.ts";
import {
  createProjector,
  type ReadModelTable,
  readGenerations,
  readStatus,
  writeGenerations,
} from "../../../src/projector/dynamodb/index.ts";
import type { Generation } from "../../../src/projector/index.ts";
import { groupByEntity } from "../../../src/stream/index.ts";
import { documents, READ_MODELS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { openStore } from "../../support/store.ts";

let engine: TestEngine;
let store: DynamoDBEventStore;
let table: ReadModelTable;
beforeAll(async () => {
  engine = await startTestEngine();
  store = openStore(engine, { clock: () => new Date(Date.now() - 600_000) });
  table = { client: documents(engine.client), name: READ_MODELS };
});
afterAll(() => engine.stop());

const countsOf = (version: number, types: readonly string[]): Projection =>
  ({
    name: "counts",
    version,
    kind: "row-per-entity",
    from: Object.fromEntries(types.map((type) => [type, ["Done"]])),
    evolve: (row: { n: number } | undefined) => ({ n: (row?.n ?? 0) + 1 }),
    lists: {},
  }) as Projection;

const statusOf = async (projection: Projection) => {
  const [status] = await readStatus({ table, store, projections: [projection], clock: () => new Date() });
  return status;
};

test("a version that was not built yet is told to be behind by nothing that is known, the served one by what it is", async () => {
  const first = countsOf(1, ["A"]);
  const projector = createProjector({
    projections: [first],
    store,
    table,
    eventTypes: {},
    clock: () => new Date(),
    random: Math.random,
  });
  await store.appendEvent("A", "a", "Done", {}, "ann", "c-1", 0);
  await store.appendEvent("B", "b", "Done", {}, "ann", "c-1", 0);
  const [event] = await store.getEvents("a");
  if (event) await projector.project(groupByEntity([{ entityId: "a", sequenceNumber: 1, event }]));
  expect(await statusOf(first)).toMatchObject({ version: 1, eventsBehind: 0, isFloor: false });
  expect(await statusOf(countsOf(2, ["A", "B"]))).toMatchObject({
    version: 2,
    servingGeneration: 1,
    eventsBehind: 0,
    isFloor: true,
    oldestWaitingSeconds: 0,
  });
  await store.appendEvent("A", "a", "Done", {}, "ann", "c-1", 1);
  const behind = await statusOf(first);
  expect(behind).toMatchObject({ eventsBehind: 1 });
  expect(behind?.oldestWaitingSeconds).toBeGreaterThanOrEqual(595);
});

test("a version that is being built is not measured by what is not built yet", async () => {
  const second = countsOf(2, ["A"]);
  const found = await readGenerations(table, "counts");
  if (!found) throw new Error("there are no generations");
  const building = { ...(found.all[0] as Generation), generation: 2, version: 2, status: "building" as const };
  await writeGenerations(table, { ...found, all: [...found.all, building] });
  expect(await statusOf(second)).toMatchObject({ eventsBehind: 0, isFloor: true, oldestWaitingSeconds: 0 });
});
