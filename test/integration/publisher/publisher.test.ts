import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { StoredEvent } from "../../../src/event-store/index.ts";
import { LocalBus } from "../../../src/local/bus.ts";
import { serveBus } from "../../../src/local/bus-server.ts";
import {
  type Bus,
  checkBusExists,
  createPublisher,
  type Envelope,
  eventBridgeBus,
  type PublisherOptions,
} from "../../../src/publisher/index.ts";
import { groupByEntity } from "../../../src/stream/index.ts";
import { storedEvent } from "../../support/bare-table.ts";
import { documents, localCredentials, READ_MODELS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { newEntity, openStore } from "../../support/store.ts";
import { until } from "../../support/until.ts";

let engine: TestEngine;
let localBus: LocalBus;
let server: { readonly endpoint: string; stop(): Promise<void> };
let client: EventBridgeClient;
const stopping = new AbortController();
const caught: string[] = [];

beforeAll(async () => {
  engine = await startTestEngine();
  localBus = new LocalBus({
    buses: ["Shop"],
    rules: [
      {
        name: "snapshots",
        bus: "Shop",
        pattern: { source: ["shop"], "detail-type": ["SnapshotDue"] },
        targets: [{ kind: "function", id: "s", deadLetter: undefined, maxRetries: 0, maxAgeSeconds: 60 }],
      },
    ],
    region: "eu-central-1",
    newId: () => Math.random().toString(36).slice(2),
    clock: () => new Date(),
    backOff: async () => undefined,
    log: () => undefined,
    signal: stopping.signal,
    send: async (_target, event) => void caught.push(event["detail-type"]),
    deadLetter: () => undefined,
  });
  server = await serveBus(localBus, 0);
  client = new EventBridgeClient({
    endpoint: server.endpoint,
    region: "eu-central-1",
    credentials: localCredentials,
    maxAttempts: 1,
  });
});
afterAll(async () => {
  stopping.abort();
  client.destroy();
  await server.stop();
  await engine.stop();
});

function publisher(more: Partial<PublisherOptions> = {}) {
  return createPublisher({
    bus: eventBridgeBus(client, "Shop"),
    store: openStore(engine),
    on: { client: documents(engine.connect()), table: READ_MODELS },
    eventTypes: {},
    source: "shop",
    backOff: async () => undefined,
    clock: () => new Date(),
    ...more,
  });
}
const batchOf = (events: readonly StoredEvent[]) =>
  groupByEntity(events.map((event) => ({ entityId: event.entityId, sequenceNumber: event.sequenceNumber, event })));
const history = (entityId: string, count: number, eventData: object = {}) =>
  Array.from({ length: count }, (_, n) =>
    storedEvent({ entityId, sequenceNumber: n + 1, eventData: eventData as never }),
  );

/** Sequence numbers on the bus by entity, in the order the bus took them. */
function onBus(prefix: string): Map<string, number[]> {
  const all = new Map<string, number[]>();
  for (const { event } of localBus.archive) {
    const { entityId, sequenceNumber } = event.detail as unknown as Envelope;
    if (entityId?.startsWith(prefix) && sequenceNumber)
      all.set(entityId, [...(all.get(entityId) ?? []), sequenceNumber]);
  }
  return all;
}
const range = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

test("10,000 events with a third of the entries refused at random and throttles in between are all on the bus, in order, none missing", async () => {
  const ENTITIES = 500;
  const EACH = 20;
  const all = range(EACH).flatMap((n) =>
    range(ENTITIES).map((e) => storedEvent({ entityId: `flood-${e}`, sequenceNumber: n })),
  );
  let state = 42;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const publish = publisher({ attempts: 60, bus: refusing(() => random() < 1 / 3) });
  for (let start = 0; start < all.length; start += 500) {
    localBus.setFaults({ throttle: 2 });
    const { failures } = await publish.publish(batchOf(all.slice(start, start + 500)));
    expect(failures).toEqual([]);
  }
  localBus.setFaults({});
  const bus = onBus("flood-");
  expect(bus.size).toBe(ENTITIES);
  for (const numbers of bus.values()) expect(numbers).toEqual(range(EACH));
}, 240_000);

test("a redelivered batch publishes nothing again; a crash before the progress is written publishes duplicates only", async () => {
  const entity = newEntity("again");
  const events = history(entity, 4);
  await publisher().publish(batchOf(events));
  expect(await publisher().publish(batchOf(events))).toMatchObject({ published: 0, skipped: 1, requests: 0 });
  const broken = documents(engine.connect());
  broken.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName === "PutItemCommand") throw new Error("the process died");
      return next(args);
    },
    { step: "initialize", priority: "high" },
  );
  const more = [...events, storedEvent({ entityId: entity, sequenceNumber: 5 })];
  await expect(publisher({ on: { client: broken, table: READ_MODELS } }).publish(batchOf(more))).rejects.toThrow(
    "the process died",
  );
  await publisher().publish(batchOf(more));
  expect(onBus(entity).get(entity)).toEqual([1, 2, 3, 4, 5, 5]);
});

test("a gap is read from the store, and nothing overtakes it", async () => {
  const entity = newEntity("gap");
  const store = openStore(engine);
  await store.appendEvents({
    aggregateType: "Thing",
    entityId: entity,
    events: history(entity, 5),
    userId: "ann",
    correlationId: "c",
    expectedVersion: 0,
  });
  const events = await store.getEvents(entity);
  await publisher().publish(batchOf([events[0]!]));
  await publisher().publish(batchOf([events[4]!, events[2]!]));
  expect(onBus(entity).get(entity)).toEqual([1, 2, 3, 4, 5]);
});

/** The bus, refusing what a test says. */
const refusing = (isRefused: (detail: Envelope) => boolean): Bus => {
  const bus = eventBridgeBus(client, "Shop");
  return {
    async put(entries) {
      const refused = entries.map(({ detail }) => isRefused(JSON.parse(detail) as Envelope));
      const taken = entries.filter((_, index) => !refused[index]);
      const answers = taken.length > 0 ? [...(await bus.put(taken))] : [];
      return refused.map((is) => (is ? { code: "InternalFailure", message: "no" } : answers.shift()));
    },
  };
};

describe("an entry that stays refused", () => {
  test("fails the batch from there on, then parks its entity, while others go on; retry publishes the rest", async () => {
    const [bad, good] = [newEntity("bad"), newEntity("good")];
    const store = openStore(engine);
    for (const entity of [bad, good]) {
      await store.appendEvents({
        aggregateType: "Thing",
        entityId: entity,
        events: history(entity, 4),
        userId: "ann",
        correlationId: "c",
        expectedVersion: 0,
      });
    }
    const batch = batchOf([...(await store.getEvents(bad)), ...(await store.getEvents(good))]);
    const stubborn = publisher({
      bus: refusing(({ entityId, sequenceNumber }) => entityId === bad && sequenceNumber === 3),
      attempts: 2,
      parkAfter: 2,
    });
    expect(await stubborn.publish(batch)).toMatchObject({
      published: 6,
      failures: [{ entityId: bad, fromSequence: 3 }],
    });
    expect(await stubborn.publish(batch)).toMatchObject({ published: 0, parked: 1, failures: [] });
    expect(await stubborn.publish(batch)).toMatchObject({ parked: 1, failures: [] });
    expect([onBus(bad).get(bad), onBus(good).get(good)]).toEqual([
      [1, 2],
      [1, 2, 3, 4],
    ]);
    expect(await publisher().retry(bad)).toMatchObject({ published: 2, failures: [] });
    expect(onBus(bad).get(bad)).toEqual([1, 2, 3, 4]);
  });

  test("a bus that is down parks nobody", async () => {
    const entity = newEntity("down");
    const down: Bus = {
      put: async () => Promise.reject(Object.assign(new Error("down"), { name: "ServiceUnavailable" })),
    };
    const publish = publisher({ bus: down, attempts: 2, parkAfter: 1 });
    for (const _ of [1, 2, 3]) {
      expect(await publish.publish(batchOf(history(entity, 2)))).toMatchObject({
        parked: 0,
        failures: [{ entityId: entity, fromSequence: 1 }],
      });
    }
    expect(await publish.publish(batchOf(history(entity, 2)), () => true)).toMatchObject({
      requests: 0,
      failures: [{ fromSequence: 1 }],
    });
  });

  test("an event that cannot be read or shaped stops its own entity only", async () => {
    const [bad, good] = [newEntity("shape"), newEntity("fine")];
    const publicEvents = {
      ThingDone: {
        publishedAs: {
          data: (event: StoredEvent) =>
            event.entityId === bad && event.sequenceNumber === 2 ? JSON.parse("{") : event.eventData,
        },
      },
    };
    const outcome = await publisher({ publicEvents }).publish(batchOf([...history(bad, 3), ...history(good, 3)]));
    expect(outcome).toMatchObject({ published: 4, failures: [{ entityId: bad, fromSequence: 2 }] });
  });
});

describe("what goes out", () => {
  test("is the envelope, with the user only where the deployer says so", async () => {
    const entity = newEntity("envelope");
    await publisher().publish(
      batchOf([storedEvent({ entityId: entity, sequenceNumber: 1, causationId: "cause", eventData: { n: 1 } })]),
    );
    const { event } = localBus.archive.at(-1)!;
    expect(event).toMatchObject({ source: "shop", "detail-type": "ThingDone", resources: [entity] });
    expect(event.detail).toEqual({
      eventId: `${entity}-1`,
      entityId: entity,
      aggregateType: "Thing",
      sequenceNumber: 1,
      eventType: "ThingDone",
      eventTime: "2026-01-01T00:00:00.001Z",
      version: "1.0",
      correlationId: "c-1",
      causationId: "cause",
      data: { n: 1 },
    });
    const second = newEntity("envelope");
    await publisher({ publishUserId: true }).publish(batchOf(history(second, 1)));
    expect(localBus.archive.at(-1)!.event.detail).toMatchObject({ userId: "ann" });
  });

  test("can be kept off the bus, or have another shape, without holding up the rest", async () => {
    const entity = newEntity("public");
    const events = [
      storedEvent({ entityId: entity, sequenceNumber: 1, eventType: "Secret" }),
      storedEvent({ entityId: entity, sequenceNumber: 2, eventData: { price: 5, margin: 3 } }),
      storedEvent({ entityId: entity, sequenceNumber: 3, eventType: "Secret" }),
    ];
    const publicEvents = {
      Secret: { isPublic: false },
      ThingDone: {
        publishedAs: {
          eventType: "ThingWasDone",
          version: "2.0",
          data: ({ eventData }: StoredEvent) => ({ price: eventData.price }),
        },
      },
    };
    expect(await publisher({ publicEvents }).publish(batchOf(events))).toMatchObject({ published: 3 });
    expect(localBus.archive.at(-1)!.event).toMatchObject({
      "detail-type": "ThingWasDone",
      detail: { version: "2.0", data: { price: 5 } },
    });
    expect(await publisher({ publicEvents }).publish(batchOf(events))).toMatchObject({ skipped: 1 });
  });

  test("an event of 900 KB goes out whole, one of 1.2 MB as a claim check that names it", async () => {
    const [whole, checked] = [newEntity("whole"), newEntity("claim")];
    await publisher().publish(
      batchOf([storedEvent({ entityId: whole, sequenceNumber: 1, eventData: { text: "x".repeat(900_000) } })]),
    );
    expect(String((localBus.archive.at(-1)!.event.detail as { data: { text: string } }).data.text)).toHaveLength(
      900_000,
    );
    await publisher().publish(
      batchOf([storedEvent({ entityId: checked, sequenceNumber: 1, eventData: { text: "x".repeat(1_200_000) } })]),
    );
    expect(localBus.archive.at(-1)!.event.detail).toMatchObject({
      entityId: checked,
      claimCheck: { entityId: checked, sequenceNumber: 1, path: `/entities/${checked}/events?from=1&to=1` },
    });
    expect(localBus.archive.at(-1)!.event.detail).not.toHaveProperty("data");
  });

  test("where the region's limit is 256 KB, the claim check comes sooner", async () => {
    const entity = newEntity("small");
    await publisher({ maxBytes: 256 * 1024 }).publish(
      batchOf([storedEvent({ entityId: entity, sequenceNumber: 1, eventData: { text: "x".repeat(300_000) } })]),
    );
    expect(localBus.archive.at(-1)!.event.detail).toHaveProperty("claimCheck");
  });
});

test("a bus that does not exist is found, since PutEvents to it would succeed on AWS", async () => {
  await expect(checkBusExists(client, "Nowhere")).rejects.toMatchObject({
    code: "UNKNOWN_BUS",
    message: expect.stringContaining("Nowhere"),
  });
  await expect(checkBusExists(client, "Shop")).resolves.toBeUndefined();
});

test("a bare SDK client can put an event, and a rule catches it", async () => {
  const answer = await client.send(
    new PutEventsCommand({
      Entries: [{ EventBusName: "Shop", Source: "shop", DetailType: "SnapshotDue", Detail: "{}" }],
    }),
  );
  expect(answer.FailedEntryCount).toBe(0);
  await until(() => (caught.includes("SnapshotDue") ? true : undefined), "the rule to catch it");
});
