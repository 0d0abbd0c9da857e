import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { StoredEvent } from "../../../src/event-store/index.ts";
import { type Bus, eventBridgeBus, type PublisherOptions } from "../../../src/publisher/index.ts";
import { documents, READ_MODELS } from "../../support/engine.ts";
import { injectFaults } from "../../support/faults.ts";
import { batchOf } from "../../support/projecting.ts";
import { history, type Publishing, refusing, startPublishing } from "../../support/publishing.ts";
import { newEntity, openStore } from "../../support/store.ts";

let table: Publishing;
beforeAll(async () => {
  table = await startPublishing();
});
afterAll(() => table.stop());
const publisher = (more: Partial<PublisherOptions> = {}) => table.publisher(more);

describe("an entry that stays refused", () => {
  test("fails the batch from there on, then parks its entity, while others go on; retry publishes the rest", async () => {
    const [bad, good] = [newEntity("bad"), newEntity("good")];
    const store = openStore(table.engine);
    for (const entity of [bad, good]) {
      await store.appendEvents({
        aggregateType: "Thing",
        entityId: entity,
        events: history(entity, 4).map(({ eventType, eventData }) => ({ eventType, eventData })),
        userId: "ann",
        correlationId: "c",
        expectedVersion: 0,
      });
    }
    const batch = batchOf([...(await store.getEvents(bad)), ...(await store.getEvents(good))]);
    const stubborn = publisher({
      bus: refusing(table.client, ({ entityId, sequenceNumber }) => entityId === bad && sequenceNumber === 3),
      attempts: 2,
      parkAfter: 2,
    });
    expect(await stubborn.publish(batch)).toMatchObject({
      published: 6,
      failures: [{ entityId: bad, fromSequence: 3 }],
    });
    expect(await stubborn.publish(batch)).toMatchObject({ published: 0, parked: 1, failures: [] });
    expect(await stubborn.publish(batch)).toMatchObject({ parked: 1, failures: [] });
    expect([table.onBus(bad).get(bad), table.onBus(good).get(good)]).toEqual([
      [1, 2],
      [1, 2, 3, 4],
    ]);
    expect(await publisher().retry(bad)).toMatchObject({ published: 2, failures: [] });
    expect(table.onBus(bad).get(bad)).toEqual([1, 2, 3, 4]);
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
      Thing: {
        ThingDone: {
          publishedAs: {
            data: (event: StoredEvent) =>
              event.entityId === bad && event.sequenceNumber === 2 ? JSON.parse("{") : event.eventData,
          },
        },
      },
    };
    const outcome = await publisher({ publicEvents }).publish(batchOf([...history(bad, 3), ...history(good, 3)]));
    expect(outcome).toMatchObject({ published: 4, failures: [{ entityId: bad, fromSequence: 2 }] });
  });

  test("a request that is refused as a whole for one of its entries holds up that one alone", async () => {
    const [fat, thin] = [newEntity("fat"), newEntity("thin")];
    const bus = eventBridgeBus(table.client, "Shop");
    const picky: Bus = {
      put: (entries) =>
        entries.some(({ resources }) => resources.includes(fat))
          ? Promise.reject(Object.assign(new Error("over the limit"), { name: "ValidationException" }))
          : bus.put(entries),
    };
    const publish = publisher({ bus: picky, attempts: 2, parkAfter: 2 });
    const batch = batchOf([...history(fat, 1), ...history(thin, 2)]);
    expect(await publish.publish(batch)).toMatchObject({ published: 2, failures: [{ entityId: fat }] });
    expect(await publish.publish(batch)).toMatchObject({ published: 0, parked: 1, failures: [] });
  });

  test("a store that cannot be read parks nobody, an event that it does not have parks its entity", async () => {
    const entity = newEntity("gap");
    const denied = table.engine.connect({ maxAttempts: 1 });
    injectFaults(denied, () => "denied");
    const blind = publisher({ store: openStore(table.engine, {}, denied), parkAfter: 1 });
    const gap = [{ entityId: entity, upTo: 2, events: [] }];
    for (const _ of [1, 2]) {
      expect(await blind.publish(gap)).toMatchObject({ parked: 0, failures: [{ entityId: entity, fromSequence: 1 }] });
    }
    expect(await publisher({ parkAfter: 1 }).publish(gap)).toMatchObject({ published: 0, parked: 1 });
  });

  test("an entity whose progress cannot be written holds up no other", async () => {
    const [bad, good] = [newEntity("unwritten"), newEntity("written")];
    const client = table.engine.connect({ maxAttempts: 1 });
    injectFaults(client, ({ operation, input }) =>
      /Put/.test(operation) && JSON.stringify(input).includes(bad) ? "denied" : undefined,
    );
    const publish = publisher({ table: { client: documents(client), name: READ_MODELS } });
    expect(await publish.publish(batchOf([...history(bad, 1), ...history(good, 1)]))).toMatchObject({
      failures: [{ entityId: bad, fromSequence: 1 }],
    });
    expect(await publisher().publish(batchOf(history(good, 1)))).toMatchObject({ skipped: 1 });
  });
});
