import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Projection } from "../../../src/definition/index.ts";
import { DynamoDBEventStore } from "../../../src/event-store/dynamodb/index.ts";
import { type EventTypes, type StoredEvent, UpcastError } from "../../../src/event-store/index.ts";
import { type Projector, retryParked } from "../../../src/projector/dynamodb/index.ts";
import { batchAnswer, listParked, type ParkedEntity } from "../../../src/stream/index.ts";
import { createBareEventsTable, putEvents, storedEvent } from "../../support/bare-table.ts";
import {
  faultyProjections,
  faultyTypes,
  RETURNED,
  returningProjections,
  returningTypes,
  THROWN,
} from "../../support/blame.ts";
import { documents, READ_MODELS, SNAPSHOTS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { batchOf, openProjector } from "../../support/projecting.ts";
import { openStore } from "../../support/store.ts";

const EVENTS = "Blame-Events";
const PARK_AFTER = 2;

let engine: TestEngine;
let names = 0;
beforeAll(async () => {
  engine = await startTestEngine();
  await createBareEventsTable(engine.client, EVENTS);
  await putEvents(engine.client, EVENTS, HISTORY.length, (n) => HISTORY[n]!, "map");
});
afterAll(() => engine.stop());

/** A bad event in the middle of one entity, and good entities before and behind it. */
const HISTORY: readonly StoredEvent[] = ["good-1", "bad", "good-2", "good-3"].flatMap((entityId) =>
  [1, 2, 3].map((sequenceNumber) => {
    const eventData = entityId === "bad" && sequenceNumber === 2 ? { bad: true } : {};
    return storedEvent({ entityId, sequenceNumber, eventData });
  }),
);

const newName = (): string => {
  names += 1;
  return `blame-${names}`;
};

function open(projection: Projection, eventTypes: EventTypes = {}): Projector {
  const store = new DynamoDBEventStore(engine.client, EVENTS, SNAPSHOTS, { eventTypes });
  return openProjector(engine, { store, projections: [projection], parkAfter: PARK_AFTER, eventTypes });
}

async function parkedIn(name: string): Promise<ParkedEntity[]> {
  const all: ParkedEntity[] = [];
  for await (const parked of listParked({ client: documents(engine.client), name: READ_MODELS }, name))
    all.push(parked);
  return all;
}

/** Delivers a batch as an event source mapping does: again from the first record that failed. */
async function deliver(projector: Projector): Promise<number> {
  let records = HISTORY.map((event, n) => ({
    recordId: String(n),
    entityId: event.entityId,
    sequenceNumber: event.sequenceNumber,
    event,
  }));
  for (let deliveries = 1; deliveries <= PARK_AFTER + 1; deliveries += 1) {
    const outcomes = await projector.project(batchOf(records.map(({ event }) => event)));
    const answer = batchAnswer(
      records,
      outcomes.flatMap(({ failures }) => failures),
    );
    const failed = answer.batchItemFailures[0]?.itemIdentifier;
    if (failed === undefined) return deliveries;
    records = records.slice(records.findIndex(({ recordId }) => recordId === failed));
  }
  return Number.POSITIVE_INFINITY;
}

async function expectOneParked(broken: Projector, fixed: Projector, name: string): Promise<void> {
  expect(await deliver(broken)).toBe(PARK_AFTER);
  expect(await parkedIn(name)).toMatchObject([{ entityId: "bad", sequenceNumber: 2, attempts: PARK_AFTER }]);
  const again = await fixed.project(batchOf(HISTORY.filter(({ entityId }) => entityId !== "bad")));
  expect(again).toMatchObject([{ applied: 0, skipped: 9, failures: [] }]);
  expect(await retryParked(fixed, name, "bad")).toMatchObject([{ parked: false, applied: 2 }]);
  expect(await parkedIn(name)).toEqual([]);
}

describe.each(Object.entries(THROWN))("%s, thrown by", (_, value) => {
  test.each(Object.keys(faultyProjections("any", value, false)))(
    "%s, parks one entity and holds up no other",
    async (where) => {
      const name = newName();
      const [broken, fixed] = [false, true].map((is) => open(faultyProjections(name, value, is)[where] as Projection));
      await expectOneParked(broken!, fixed!, name);
    },
  );

  test("an upcaster, parks one entity and holds up no other", async () => {
    const name = newName();
    const projection = faultyProjections(name, value, true)["row per event, row"] as Projection;
    const [broken, fixed] = [false, true].map((is) => open(projection, faultyTypes(value, is)));
    await expectOneParked(broken!, fixed!, name);
  });
});

describe.each(Object.entries(RETURNED))("%s, returned as", (_, value) => {
  test.each(Object.keys(returningProjections("any", value, false)))(
    "%s, parks one entity and holds up no other",
    async (where) => {
      const name = newName();
      const [broken, fixed] = [false, true].map((is) =>
        open(returningProjections(name, value, is)[where] as Projection),
      );
      await expectOneParked(broken!, fixed!, name);
    },
  );
});

describe("an upcaster that returns", () => {
  test.each([
    ["a promise", () => Promise.resolve({})],
    ["a rejected promise", () => Promise.reject(new Error("later"))],
    ["nothing", () => undefined],
    ["null", () => null],
    ["a text", () => "x"],
    ["a list", () => []],
  ])("%s parks one entity, and reading names it", async (_, value) => {
    const name = newName();
    const projection = returningProjections(name, value, true)["row per entity"] as Projection;
    const [broken, fixed] = [false, true].map((is) => open(projection, returningTypes(value, is)));
    const reading = broken!.context.store.getEvents("bad").catch((error: unknown) => error);
    expect(await reading).toBeInstanceOf(UpcastError);
    expect(await reading).toMatchObject({
      code: "UPCAST",
      entityId: "bad",
      sequenceNumber: 2,
      eventType: "ThingDone",
      from: "1.0",
    });
    await expectOneParked(broken!, fixed!, name);
  });
});

test("a function of a projection that must not wait and returns a promise parks its entity", async () => {
  const name = newName();
  const late = (is: boolean): Projection => ({
    name,
    kind: "row-per-entity",
    from: { Thing: ["ThingDone"] },
    evolve: (_, { eventData }) => (!is && eventData.bad ? Promise.reject(new Error("later")) : { n: 1 }),
  });
  await expectOneParked(open(late(false)), open(late(true)), name);
});

test("a list that waits and is rejected parks its entity, and nothing is left unhandled", async () => {
  const name = newName();
  const late = (is: boolean): Projection => ({
    name,
    kind: "row-per-entity",
    from: { Thing: ["ThingDone"] },
    evolve: (row, { eventData }) => ({
      isBad: eventData.bad === true || ((row as { isBad: boolean } | undefined)?.isBad ?? false),
    }),
    lists: {
      all: (row) =>
        !is && (row as { isBad: boolean }).isBad
          ? (Promise.reject(new Error("later")) as never)
          : { partition: "p", sort: "s" },
    },
  });
  await expectOneParked(open(late(false)), open(late(true)), name);
});

test("an entity that sets what cannot be stored in a shared row is blamed, and not the next one", async () => {
  const at = { partition: "all", key: "all" };
  const name = newName();
  const projection: Projection = {
    name,
    kind: "rows-across-entities",
    from: { Thing: ["ThingDone"] },
    async change({ entityId, eventData }, rows) {
      const { all = [] } = ((await rows.get(at)) ?? {}) as { all?: string[] };
      rows.set(at, { all: [...all, entityId], ...(eventData.bad ? { f: () => 1 } : {}) });
    },
  };
  const projector = open(projection);
  expect(await deliver(projector)).toBe(PARK_AFTER);
  expect(await parkedIn(name)).toMatchObject([{ entityId: "bad", sequenceNumber: 2 }]);
});

describe("keys that do not fit", () => {
  const longest = (bytes: number) => `${bytes}-`.padEnd(bytes, "x");
  const created = { name: "n", description: "", price: { amount: 1, currency: "USD" } };
  const product = (entityId: string, categoryId: string | null): StoredEvent =>
    storedEvent({
      entityId,
      sequenceNumber: 1,
      aggregateType: "Product",
      eventType: "ProductCreated",
      eventData: { ...created, categoryId },
    });

  test.each([480, 600, 1_000])(
    "an id of %d bytes flows through every read model, is parked and found",
    async (bytes) => {
      const id = longest(bytes);
      await openStore(engine).appendEvent(
        "Product",
        id,
        "ProductCreated",
        { ...created, categoryId: null },
        "ann",
        "c-1",
        0,
      );
      const events = [product(id, null), product(`good-${bytes}`, null)];
      const projector = openProjector(engine);
      const outcomes = await projector.project(batchOf(events));
      expect(outcomes.map(({ applied, failures }) => [applied, failures])).toEqual(outcomes.map(() => [2, []]));
      const name = newName();
      const broken = openProjector(engine, {
        projections: [
          {
            name,
            kind: "row-per-entity",
            from: { Product: ["ProductCreated"] },
            evolve: () => {
              throw new Error("boom");
            },
          },
        ],
        parkAfter: 1,
      });
      await broken.project(batchOf([product(id, null)]));
      expect(await parkedIn(name)).toMatchObject([{ entityId: id }]);
    },
  );

  test.each([1_001, 2_048])("an append to an id of %d bytes is refused by name", async (bytes) => {
    const append = openStore(engine).appendEvent("Product", longest(bytes), "ProductCreated", created, "ann", "c-1", 0);
    await expect(append).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      field: "entityId",
      expected: expect.stringContaining("1000 bytes"),
    });
  });

  test.each([1_100, 2_030, 2_048])(
    "an id of %d bytes that somebody else has stored flows beside the others",
    async (bytes) => {
      const ids = ["a", "b"].map((end) => `${longest(bytes - 1)}${end}`);
      const events = [...ids.map((id) => product(id, null)), product(`beside-${bytes}`, null)];
      const projections = openProjector(engine);
      const targets = (await projections.targets()).filter(({ generation: of }) => of.name !== "category-tree");
      for (const target of targets)
        expect(await projections.projectInto(target, batchOf(events))).toMatchObject({ applied: 3, failures: [] });
    },
  );

  test("a category id of 1,100 bytes parks its product in the tree, and a rebuild finds it too", async () => {
    const events = [product("far-off", "c".repeat(1_100)), product("near-by", "c")];
    const projector = openProjector(engine, { parkAfter: PARK_AFTER });
    const [tree] = (await projector.targets()).filter(({ generation: of }) => of.name === "category-tree");
    const first = await projector.projectInto(tree!, batchOf(events));
    expect(first).toMatchObject({ applied: 1, failures: [{ entityId: "far-off", fromSequence: 1 }] });
    expect(await projector.projectInto(tree!, batchOf(events))).toMatchObject({ parked: 1, failures: [] });
    expect((await parkedIn("category-tree"))[0]?.error).toMatch(/key: expected .* 1024 bytes, got 1100 bytes/);
  });

  test.each([
    ["a list's partition", { partition: "p".repeat(2_040), sort: "s" }],
    ["a list's sort", { partition: "p", sort: "s".repeat(1_024) }],
    ["no text for a sort", { partition: "p", sort: 5 as never }],
    ["no text for a partition", { partition: undefined as never, sort: "s" }],
    ["half a surrogate pair", { partition: "p\uD83D", sort: "s" }],
  ])("%s parks its own entity", async (_, place) => {
    const name = newName();
    const listing = (is: boolean): Projection => ({
      name,
      kind: "row-per-entity",
      from: { Thing: ["ThingDone"] },
      evolve: (row, { eventData }) => ({
        isBad: eventData.bad === true || ((row as { isBad: boolean } | undefined)?.isBad ?? false),
      }),
      lists: { all: (row) => (!is && (row as { isBad: boolean }).isBad ? place : { partition: "p", sort: "s" }) },
    });
    await expectOneParked(open(listing(false)), open(listing(true)), name);
  });
});

test("a row that grows until it is full parks its entity, and is as it was before the event", async () => {
  const name = newName();
  const growing: Projection = {
    name,
    kind: "row-per-entity",
    from: { Thing: ["ThingDone"] },
    evolve: (row) => ({ all: [...((row as { all: string[] } | undefined)?.all ?? []), "x".repeat(20_000)] }),
  };
  const events = Array.from({ length: 30 }, (_, n) => storedEvent({ entityId: "growing", sequenceNumber: n + 1 }));
  const projector = open(growing);
  for (let n = 0; n < events.length; n += 5) await projector.project(batchOf(events.slice(0, n + 5)));
  const [parked] = await parkedIn(name);
  expect(parked).toMatchObject({ entityId: "growing", error: expect.stringContaining("at most 408576 are stored") });
  const position = (await projector.project(batchOf(events)))[0];
  expect(position).toMatchObject({ parked: 1, failures: [] });
  expect(parked!.sequenceNumber).toBe(21);
});
