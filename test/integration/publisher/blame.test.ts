import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { DynamoDBEventStore } from "../../../src/event-store/dynamodb/index.ts";
import type { EventTypes, StoredEvent } from "../../../src/event-store/index.ts";
import { type Bus, type PublisherOptions, repairPublisherLag } from "../../../src/publisher/index.ts";
import { listParked, type ParkedEntity } from "../../../src/stream/index.ts";
import { createBareEventsTable, putEvents, storedEvent } from "../../support/bare-table.ts";
import { faultyTypes, returningTypes, THROWN } from "../../support/blame.ts";
import { documents, EVENTS, READ_MODELS, SNAPSHOTS } from "../../support/engine.ts";
import { batchOf } from "../../support/projecting.ts";
import { history, type Publishing, startPublishing } from "../../support/publishing.ts";
import { newEntity, openStore } from "../../support/store.ts";

let on: Publishing;
beforeAll(async () => {
  on = await startPublishing();
});
afterAll(() => on.stop());

const PARK_AFTER = 2;

async function parkedOf(entityId: string): Promise<ParkedEntity | undefined> {
  const table = { client: documents(on.engine.client), name: READ_MODELS };
  for await (const parked of listParked(table, "publisher")) if (parked.entityId === entityId) return parked;
  return undefined;
}

/** A bad event in the middle of one entity, beside two good entities. */
async function expectOneParked(
  bad: (entityId: string) => Partial<StoredEvent>,
  broken: (eventTypes?: EventTypes) => Partial<PublisherOptions>,
): Promise<void> {
  const entity = newEntity("bad");
  const good = [newEntity("good"), newEntity("good")];
  const events = history(entity, 3).map((event) => (event.sequenceNumber === 2 ? { ...event, ...bad(entity) } : event));
  await putEvents(on.engine.client, EVENTS, 3, (n) => events[n]!, "map");
  const publisher = on.publisher({ parkAfter: PARK_AFTER, attempts: 2, ...broken() });
  const batch = batchOf([...events, ...good.flatMap((id) => history(id, 3))]);
  expect(await publisher.publish(batch)).toMatchObject({
    published: 7,
    failures: [{ entityId: entity, fromSequence: 2 }],
  });
  expect(await publisher.publish(batch)).toMatchObject({ published: 0, skipped: 2, parked: 1, failures: [] });
  for (const id of good) expect(on.onBus(id).get(id)).toEqual([1, 2, 3]);
  expect(await parkedOf(entity)).toMatchObject({ sequenceNumber: 2, attempts: PARK_AFTER });
}

const storeWith = (eventTypes: EventTypes) =>
  new DynamoDBEventStore(on.engine.client, EVENTS, SNAPSHOTS, { eventTypes });

describe.each(Object.entries(THROWN))("%s, thrown by", (_, value) => {
  const fail = (event: StoredEvent) => {
    if (event.eventData.bad) throw value();
    return [];
  };
  test("the published form, parks one entity and holds up no other", async () => {
    const publicEvents = {
      Thing: { ThingDone: { publishedAs: { data: fail } } },
    };
    await expectOneParked(
      () => ({ eventData: { bad: true } }),
      () => ({ publicEvents }),
    );
  });

  test("its notices, parks one entity and holds up no other", async () => {
    await expectOneParked(
      () => ({ eventData: { bad: true } }),
      () => ({ snapshotRequestsOf: fail }),
    );
  });

  test("an upcaster, parks one entity and holds up no other", async () => {
    const eventTypes = faultyTypes(value, false);
    await expectOneParked(
      () => ({ eventData: { bad: true } }),
      () => ({ eventTypes, store: storeWith(eventTypes) }),
    );
  });
});

describe("an event that", () => {
  test.each(["yesterday", "1767225600123456", "2026-13-45"])(
    "was stored at %j parks its entity, and the others reach the bus",
    async (eventTime) => {
      await expectOneParked(
        () => ({ eventTime }),
        () => ({}),
      );
    },
  );

  test.each([
    ["a promise", () => Promise.resolve({})],
    ["nothing", () => undefined],
  ])("is upcast to %s parks its entity", async (_, value) => {
    const eventTypes = returningTypes(value, false);
    await expectOneParked(
      () => ({ eventData: { bad: true } }),
      () => ({ eventTypes, store: storeWith(eventTypes) }),
    );
  });

  test("is published as a promise, or as what JSON has no form for, parks its entity", async () => {
    for (const data of [() => Promise.reject(new Error("later")), () => ({ n: 1n }), () => undefined, () => () => 1]) {
      const publicEvents = {
        Thing: { ThingDone: { publishedAs: { data: ({ eventData }: StoredEvent) => (eventData.bad ? data() : {}) } } },
      };
      await expectOneParked(
        () => ({ eventData: { bad: true } }),
        () => ({ publicEvents }),
      );
    }
  });
});

describe("a request that fails as a whole", () => {
  test.each([
    ["for a reason that is not known", () => new Error("boom")],
    ["as the SDK fails before it sends", () => new TypeError("Invalid time value")],
    ["as invalid", () => Object.assign(new Error("bad entry"), { name: "ValidationException" })],
    [
      "with a status of the client's fault",
      () => Object.assign(new Error("no"), { name: "Odd", $metadata: { httpStatusCode: 400 } }),
    ],
  ])("%s finds the entry that is to blame", async (_, error) => {
    const [bad, good] = [newEntity("bad"), newEntity("good")];
    const picky: Bus = {
      put: async (entries) => {
        if (entries.some(({ resources }) => resources.includes(bad))) throw error();
        return entries.map(() => undefined);
      },
    };
    const publisher = on.publisher({ bus: picky, attempts: 2, parkAfter: 2 });
    const batch = batchOf([...history(bad, 1), ...history(good, 2)]);
    expect(await publisher.publish(batch)).toMatchObject({ published: 2, failures: [{ entityId: bad }] });
    const others = batchOf([...history(bad, 1), ...history(newEntity("good"), 1)]);
    expect(await publisher.publish(others)).toMatchObject({ published: 1, parked: 1, failures: [] });
  });

  test.each([
    [
      "rights",
      () =>
        Object.assign(new Error("not authorized"), {
          name: "AccessDeniedException",
          $metadata: { httpStatusCode: 400 },
        }),
    ],
    ["a lost connection", () => Object.assign(new Error("gone"), { $metadata: { attempts: 3 } })],
    ["a reason that meets everybody", () => new Error("boom")],
  ])("for %s parks nobody", async (_, error) => {
    const down: Bus = { put: async () => Promise.reject(error()) };
    const publisher = on.publisher({ bus: down, attempts: 2, parkAfter: 1 });
    const [a, b] = [newEntity("down"), newEntity("down")];
    for (const _again of [1, 2]) {
      const outcome = await publisher.publish(batchOf([...history(a, 1), ...history(b, 1)]));
      expect(outcome).toMatchObject({ parked: 0, failures: [{ entityId: a }, { entityId: b }] });
    }
  });
});

describe("an entry that is answered with", () => {
  const answering = (code: string, entityId: string | undefined): Bus => ({
    put: async (entries) =>
      entries.map(({ resources }) =>
        entityId === undefined || resources[0] === entityId ? { code, message: "no" } : undefined,
      ),
  });

  test.each([
    "InternalFailure",
    "InternalException",
    "AccessDeniedException",
    "NotAuthorizedForSourceException",
    "ThrottlingException",
    "NoAnswer",
  ])("%s, like every other one, parks nobody", async (code) => {
    const publisher = on.publisher({ bus: answering(code, undefined), attempts: 2, parkAfter: 1 });
    const batch = batchOf([...history(newEntity("down"), 1), ...history(newEntity("down"), 1)]);
    for (const _ of [1, 2]) expect(await publisher.publish(batch)).toMatchObject({ published: 0, parked: 0 });
  });

  test.each(["InternalFailure", "Unheard"])("%s while others are taken parks its entity", async (code) => {
    const bad = newEntity("bad");
    const publisher = on.publisher({ bus: answering(code, bad), attempts: 2, parkAfter: 1 });
    expect(await publisher.publish(batchOf([...history(bad, 1), ...history(newEntity("good"), 1)]))).toMatchObject({
      published: 1,
      parked: 1,
    });
  });

  test.each(["InvalidArgument", "MalformedDetail"])("%s parks its entity, also alone", async (code) => {
    const bad = newEntity("bad");
    const publisher = on.publisher({ bus: answering(code, bad), attempts: 2, parkAfter: 1 });
    expect(await publisher.publish(batchOf(history(bad, 1)))).toMatchObject({ parked: 1 });
  });
});

test("an entity of the longest id, and one that somebody else stored under a longer one, are published and parked", async () => {
  for (const bytes of [1_000, 1_100, 2_048]) {
    const id = newEntity("long").padEnd(bytes, "x");
    const good = newEntity("good");
    const bus: Bus = {
      put: async (entries) =>
        entries.map(({ resources }) => (resources[0] === id ? { code: "InvalidArgument", message: "no" } : undefined)),
    };
    const publisher = on.publisher({ bus, attempts: 1, parkAfter: 1 });
    expect(await publisher.publish(batchOf([...history(id, 1), ...history(good, 1)]))).toMatchObject({
      published: 1,
      parked: 1,
    });
    expect(await parkedOf(id)).toMatchObject({ entityId: id });
    expect(
      await on
        .publisher({ bus: { put: async (entries) => entries.map(() => undefined) }, store: openStore(on.engine) })
        .publish(batchOf(history(good, 1))),
    ).toMatchObject({ skipped: 1 });
  }
});

describe("a backlog of one entity", () => {
  const COUNT = 4_000;
  const TABLE = "Publish-Backlog";
  beforeAll(async () => {
    await createBareEventsTable(on.engine.client, TABLE);
    await putEvents(on.engine.client, TABLE, COUNT, (n) => storedEvent({ entityId: "backlog", sequenceNumber: n + 1 }));
  });

  test("is published in steps, each of which keeps its place, whenever the time is up", async () => {
    const sent: number[] = [];
    let requests = 0;
    const bus: Bus = {
      put: async (entries) => {
        requests += 1;
        sent.push(...entries.map(({ detail }) => (JSON.parse(detail) as { sequenceNumber: number }).sequenceNumber));
        return entries.map(() => undefined);
      },
    };
    let runs = 0;
    for (let isDone = false; !isDone; runs += 1) {
      const client = on.engine.connect();
      const store = new DynamoDBEventStore(client, TABLE, SNAPSHOTS);
      const until = requests + 1_500;
      const outcome = await on
        .publisher({ bus, store })
        .publish([{ entityId: "backlog", upTo: COUNT, events: [] }], () => requests >= until);
      isDone = outcome.failures.length === 0;
      if (!isDone) expect(outcome.failures).toMatchObject([{ fromSequence: sent.at(-1)! + 1 }]);
    }
    expect(runs).toBe(3);
    expect(sent).toEqual(Array.from({ length: COUNT }, (_, n) => n + 1));
  }, 60_000);
});

test("what never reached the bus is found and published by the sweep, in order", async () => {
  const store = openStore(on.engine, { clock: () => new Date(Date.now() - 3_600_000) });
  const entity = newEntity("unsent");
  for (let n = 0; n < 3; n += 1) await store.appendEvent("Unsent", entity, "ThingDone", {}, "ann", "c-1", n);
  const publisher = on.publisher({ store });
  const table = { client: documents(on.engine.client), name: READ_MODELS };
  const context = {
    store,
    table,
    publisher,
    aggregateTypes: ["Unsent"],
    clock: () => new Date(),
    isTimeUp: () => false,
  };
  expect(await repairPublisherLag(context)).toMatchObject([{ behind: [entity], failed: [], isDone: true }]);
  expect(on.onBus(entity).get(entity)).toEqual([1, 2, 3]);
  expect(await repairPublisherLag(context)).toMatchObject([{ behind: [] }]);
});
