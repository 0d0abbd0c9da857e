import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { StoredEvent } from "../../../src/event-store/index.ts";
import type { Bus, PublisherOptions } from "../../../src/publisher/index.ts";
import { batchOf } from "../../support/projecting.ts";
import { history, type Publishing, refusing, startPublishing } from "../../support/publishing.ts";
import { newEntity, openStore } from "../../support/store.ts";

let on: Publishing;
beforeAll(async () => {
  on = await startPublishing();
});
afterAll(() => on.stop());
const publisher = (more: Partial<PublisherOptions> = {}) => on.publisher(more);

describe("an entry that stays refused", () => {
  test("fails the batch from there on, then parks its entity, while others go on; retry publishes the rest", async () => {
    const [bad, good] = [newEntity("bad"), newEntity("good")];
    const store = openStore(on.engine);
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
      bus: refusing(on.client, ({ entityId, sequenceNumber }) => entityId === bad && sequenceNumber === 3),
      attempts: 2,
      parkAfter: 2,
    });
    expect(await stubborn.publish(batch)).toMatchObject({
      published: 6,
      failures: [{ entityId: bad, fromSequence: 3 }],
    });
    expect(await stubborn.publish(batch)).toMatchObject({ published: 0, parked: 1, failures: [] });
    expect(await stubborn.publish(batch)).toMatchObject({ parked: 1, failures: [] });
    expect([on.onBus(bad).get(bad), on.onBus(good).get(good)]).toEqual([
      [1, 2],
      [1, 2, 3, 4],
    ]);
    expect(await publisher().retry(bad)).toMatchObject({ published: 2, failures: [] });
    expect(on.onBus(bad).get(bad)).toEqual([1, 2, 3, 4]);
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
