import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { StoredEvent } from "../../../src/event-store/index.ts";
import type { Archived } from "../../../src/local/bus-target.ts";
import { LiveHub, type LiveListener } from "../../../src/local/live-hub.ts";

beforeEach(() => void jest.useFakeTimers({ now: new Date("2026-01-01T10:00:00.250Z") }));
afterEach(() => void jest.useRealTimers());

const event = (n: number) => ({ entityId: "p-1", sequenceNumber: n }) as StoredEvent;

const archived = (n: number): Archived => ({
  bus: "b",
  takenAt: "2026-01-01T10:00:00.000Z",
  event: { id: `e-${n}`, "detail-type": "PriceUpdated", detail: { entityId: "p-1", sequenceNumber: n } } as never,
});

/** A hub, and what one listener was told of one kind of message. */
function open() {
  const hub = new LiveHub({ clock: () => new Date(), rulesOf: ({ event }) => [`rule of ${event.id}`] });
  const told: { name: string; data: unknown }[] = [];
  const hear: LiveListener = (name, data) => void told.push({ name, data });
  const toldOf = (name: string) => told.filter((one) => one.name === name).map(({ data }) => data);
  return { hub, hear, told, toldOf };
}

test("a newcomer is told how things stand; then nothing is told while nothing happens", () => {
  const { hub, hear, told } = open();
  hub.listen(hear);
  expect(told.map(({ name }) => name)).toEqual(["hello", "samples", "costs"]);
  expect(told[0]!.data).toEqual({ isLocal: true, now: "2026-01-01T10:00:00.250Z" });
  jest.advanceTimersByTime(600_000);
  expect(told).toHaveLength(3);
});

test("events are told as they are appended; what the bus took together, with the rules that it matched", () => {
  const { hub, hear, toldOf } = open();
  const end = hub.listen(hear);
  hub.appended([event(1), event(2)]);
  expect(toldOf("appended")).toEqual([{ events: [event(1), event(2)] }]);
  hub.published(archived(1));
  hub.published(archived(2));
  jest.advanceTimersByTime(100);
  expect(toldOf("published")).toEqual([
    {
      entries: [1, 2].map((n) => ({
        eventId: `e-${n}`,
        time: "2026-01-01T10:00:00.000Z",
        detailType: "PriceUpdated",
        entityId: "p-1",
        sequenceNumber: n,
        rules: [`rule of e-${n}`],
      })),
    },
  ]);
  end();
  hub.appended([event(3)]);
  expect(toldOf("appended")).toHaveLength(1);
});

test("each second is counted and told when it is over; a later newcomer is told the seconds before", () => {
  const { hub, hear, toldOf } = open();
  hub.listen(hear);
  hub.appended([event(1), event(2)]);
  hub.taken("projector", 2);
  hub.taken("projector", 1);
  hub.published(archived(1));
  hub.requested(request("PutItem", "P-Snapshots"));
  jest.advanceTimersByTime(749);
  expect(toldOf("samples")).toEqual([{ samples: [] }]);
  jest.advanceTimersByTime(1);
  const first = {
    time: "2026-01-01T10:00:00.000Z",
    appended: 2,
    published: 1,
    snapshots: 1,
    taken: { projector: 3 },
  };
  expect(toldOf("samples").at(-1)).toEqual({ samples: [first] });
  jest.advanceTimersByTime(5_000);
  hub.appended([event(3)]);
  jest.advanceTimersByTime(1_000);
  const late = open();
  hub.listen(late.hear);
  expect(late.toldOf("samples")).toEqual([
    { samples: [first, { time: "2026-01-01T10:00:06.000Z", appended: 1, published: 0, snapshots: 0, taken: {} }] },
  ]);
});

const request = (operation: string, table: string, isFailed = false) => ({
  by: "api",
  operation,
  table,
  readUnits: 0,
  writeUnits: isFailed ? 0 : 3,
  isFailed,
});

test("requests are summed by function, operation and table, and told at most every two seconds", () => {
  const { hub, hear, toldOf } = open();
  hub.listen(hear);
  for (let n = 0; n < 100; n += 1) hub.requested(request("PutItem", "P-Events", n === 7));
  hub.invoked("api");
  expect(toldOf("costs")).toHaveLength(1);
  jest.advanceTimersByTime(2_000);
  expect(toldOf("costs")).toHaveLength(2);
  expect(toldOf("costs").at(-1)).toMatchObject({
    operations: [
      { by: "api", operation: "PutItem", table: "P-Events", requests: 100, failed: 1, writeUnits: 297, readUnits: 0 },
    ],
    invocations: { api: 1 },
  });
});
