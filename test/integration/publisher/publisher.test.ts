import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { StoredEvent } from "../../../src/event-store/index.ts";
import { checkBusExists, type PublisherOptions } from "../../../src/publisher/index.ts";
import { storedEvent } from "../../support/bare-table.ts";
import { documents, READ_MODELS } from "../../support/engine.ts";
import { batchOf } from "../../support/projecting.ts";
import { history, type Publishing, refusing, startPublishing } from "../../support/publishing.ts";
import { newEntity, openStore } from "../../support/store.ts";
import { until } from "../../support/until.ts";

let table: Publishing;
beforeAll(async () => {
  table = await startPublishing();
});
afterAll(() => table.stop());
const publisher = (more: Partial<PublisherOptions> = {}) => table.publisher(more);

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
  const publish = publisher({ attempts: 60, bus: refusing(table.client, () => random() < 1 / 3) });
  for (let start = 0; start < all.length; start += 500) {
    table.localBus.setFaults({ throttle: 2 });
    const { failures } = await publish.publish(batchOf(all.slice(start, start + 500)));
    expect(failures).toEqual([]);
  }
  table.localBus.setFaults({});
  const bus = table.onBus("flood-");
  expect(bus.size).toBe(ENTITIES);
  for (const numbers of bus.values()) expect(numbers).toEqual(range(EACH));
}, 240_000);

test("a redelivered batch publishes nothing again; a crash before the progress is written publishes duplicates only", async () => {
  const entity = newEntity("again");
  const events = history(entity, 4);
  await publisher().publish(batchOf(events));
  expect(await publisher().publish(batchOf(events))).toMatchObject({ published: 0, skipped: 1, requests: 0 });
  const broken = documents(table.engine.connect());
  broken.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName === "PutItemCommand") throw new Error("the process died");
      return next(args);
    },
    { step: "initialize", priority: "high" },
  );
  const more = [...events, storedEvent({ entityId: entity, sequenceNumber: 5 })];
  expect(await publisher({ table: { client: broken, name: READ_MODELS } }).publish(batchOf(more))).toMatchObject({
    failures: [{ entityId: entity, fromSequence: 5, error: { message: "the process died" } }],
  });
  await publisher().publish(batchOf(more));
  expect(table.onBus(entity).get(entity)).toEqual([1, 2, 3, 4, 5, 5]);
});

test("a gap is read from the store, and nothing overtakes it", async () => {
  const entity = newEntity("gap");
  const store = openStore(table.engine);
  await store.appendEvents({
    aggregateType: "Thing",
    entityId: entity,
    events: history(entity, 5).map(({ eventType, eventData }) => ({ eventType, eventData })),
    userId: "ann",
    correlationId: "c",
    expectedVersion: 0,
  });
  const events = await store.getEvents(entity);
  await publisher().publish(batchOf([events[0]!]));
  await publisher().publish(batchOf([events[4]!, events[2]!]));
  expect(table.onBus(entity).get(entity)).toEqual([1, 2, 3, 4, 5]);
});

describe("what goes out", () => {
  test("is the envelope, with the user only where the deployer says so", async () => {
    const entity = newEntity("envelope");
    await publisher().publish(
      batchOf([storedEvent({ entityId: entity, sequenceNumber: 1, causationId: "cause", eventData: { n: 1 } })]),
    );
    const { event } = table.localBus.archive.at(-1)!;
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
    expect(table.localBus.archive.at(-1)!.event.detail).toMatchObject({ userId: "ann" });
  });

  test("can be kept off the bus, or have another shape, without holding up the rest", async () => {
    const entity = newEntity("public");
    const events = [
      storedEvent({ entityId: entity, sequenceNumber: 1, eventType: "Secret" }),
      storedEvent({ entityId: entity, sequenceNumber: 2, eventData: { price: 5, margin: 3 } }),
      storedEvent({ entityId: entity, sequenceNumber: 3, eventType: "Secret" }),
    ];
    const publicEvents = {
      Thing: {
        Secret: { isPublic: false },
        ThingDone: {
          publishedAs: {
            eventType: "ThingWasDone",
            version: "2.0",
            data: ({ eventData }: StoredEvent) => ({ price: eventData.price }),
          },
        },
      },
    };
    expect(await publisher({ publicEvents }).publish(batchOf(events))).toMatchObject({ published: 3 });
    expect(table.localBus.archive.at(-1)!.event).toMatchObject({
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
    expect(String((table.localBus.archive.at(-1)!.event.detail as { data: { text: string } }).data.text)).toHaveLength(
      900_000,
    );
    await publisher().publish(
      batchOf([storedEvent({ entityId: checked, sequenceNumber: 1, eventData: { text: "x".repeat(1_200_000) } })]),
    );
    expect(table.localBus.archive.at(-1)!.event.detail).toMatchObject({
      entityId: checked,
      claimCheck: { entityId: checked, sequenceNumber: 1, path: `/entities/${checked}/published?from=1&to=1` },
    });
    expect(table.localBus.archive.at(-1)!.event.detail).not.toHaveProperty("data");
  });

  test("where the region's limit is 256 KB, the claim check comes sooner", async () => {
    const entity = newEntity("small");
    await publisher({ maxBytes: 256 * 1024 }).publish(
      batchOf([storedEvent({ entityId: entity, sequenceNumber: 1, eventData: { text: "x".repeat(300_000) } })]),
    );
    expect(table.localBus.archive.at(-1)!.event.detail).toHaveProperty("claimCheck");
  });
});

test("a bus that does not exist is found, since PutEvents to it would succeed on AWS", async () => {
  await expect(checkBusExists(table.client, "Nowhere")).rejects.toMatchObject({
    code: "UNKNOWN_BUS",
    message: expect.stringContaining("Nowhere"),
  });
  await expect(checkBusExists(table.client, "Shop")).resolves.toBeUndefined();
});

test("a bare SDK client can put an event, and a rule catches it", async () => {
  const answer = await table.client.send(
    new PutEventsCommand({
      Entries: [{ EventBusName: "Shop", Source: "shop", DetailType: "SnapshotDue", Detail: "{}" }],
    }),
  );
  expect(answer.FailedEntryCount).toBe(0);
  await until(() => (table.caught.includes("SnapshotDue") ? true : undefined), "the rule to catch it");
});
