import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Meter } from "../../../scripts/bench/meter.ts";
import { loadAtTime } from "../../../src/aggregate/index.ts";
import type { StoredEvent } from "../../../src/event-store/index.ts";
import { putEvents, storedEvent } from "../../support/bare-table.ts";
import { counter } from "../../support/counter.ts";
import { EVENTS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { openStore } from "../../support/store.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

async function put(events: readonly StoredEvent[]): Promise<void> {
  await putEvents(engine.client, EVENTS, events.length, (n) => events[n]!);
}

describe("times of an index read", () => {
  const type = "Timed";
  const times = [
    "2026-01-30T23:59:59.999Z",
    "2026-01-31T00:00:00.000Z",
    "2026-01-31T23:59:59.999Z",
    "2026-02-01T00:00:00.000Z",
  ];
  beforeAll(() =>
    put(
      times.map((eventTime, n) =>
        storedEvent({ entityId: `timed-${n}`, sequenceNumber: 1, aggregateType: type, eventTime }),
      ),
    ),
  );
  const found = async (fromTime?: string, toTime?: string) =>
    (await openStore(engine).getEventsByType(type, "ThingDone", fromTime, toTime))
      .map(({ entityId }) => entityId.slice(-1))
      .join("");

  test.each([
    ["a date without a time is that whole day", "2026-01-31", "2026-01-31", "12"],
    ["up to a date", undefined, "2026-01-31", "012"],
    ["from a date", "2026-01-31", undefined, "123"],
    ["a time is that moment", undefined, "2026-01-31T00:00:00Z", "01"],
    ["the last second of all, anywhere on Earth", undefined, "9999-12-31T23:59:59-05:00", "0123"],
    ["the first second of all, anywhere on Earth", "0000-01-01T00:00:00+05:00", undefined, "0123"],
    ["a zone", "2026-01-31T01:00:00+01:00", "2026-02-01T00:59:59.999+01:00", "12"],
    ["nothing between the wrong way round", "2026-02-01", "2026-01-30", ""],
  ])("%s", async (_, from, to, expected) => {
    expect(await found(from, to)).toBe(expected);
  });

  test.each([
    "2026-02-30",
    "2025-02-29T12:00:00Z",
    "2026-04-31",
    "2026-13-01",
    "2026-00-10",
    "31.1.2026",
    "2026-01-31T12:00",
    "",
  ])("%j is no time of the calendar and refused by name", async (time) => {
    await expect(found(undefined, time)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      field: "toTime",
      value: time,
    });
    await expect(found(time)).rejects.toMatchObject({ field: "fromTime" });
  });

  test("a leap day is one", async () => {
    await expect(found("2024-02-29", "2024-02-29")).resolves.toBe("");
  });

  test("the state at a date is that of the end of the day", async () => {
    const events = times.map((eventTime, n) =>
      storedEvent({
        entityId: "dated",
        sequenceNumber: n + 1,
        aggregateType: "Counter",
        eventType: "Added",
        eventTime,
        eventData: { by: 1 },
      }),
    );
    await put(events);
    expect(await loadAtTime(openStore(engine), counter, "dated", "2026-01-31")).toMatchObject({ version: 3 });
    expect(await loadAtTime(openStore(engine), counter, "dated", "2026-01-31T00:00:00Z")).toMatchObject({ version: 2 });
  });
});

describe("events of equal times", () => {
  const user = "batch-user";
  const COUNT = 2_000;
  beforeAll(() =>
    put(
      Array.from({ length: COUNT }, (_, n) =>
        storedEvent({
          entityId: `equal-${n % 50}`,
          sequenceNumber: Math.floor(n / 50) + 1,
          userId: user,
          eventTime: new Date(Date.UTC(2026, 0, 1) + Math.floor(n / 200) * 1_000).toISOString(),
        }),
      ),
    ),
  );

  async function read(limit: number, cursor: string | undefined, direction: "forward" | "backward") {
    const client = engine.connect();
    const meter = new Meter(client);
    const entries: { entityId: string; sequenceNumber: number; cursor: string }[] = [];
    for await (const { event, cursor: at } of openStore(engine, {}, client).readEventsByUser(user, {
      limit,
      cursor,
      direction,
    }))
      entries.push({ entityId: event.entityId, sequenceNumber: event.sequenceNumber, cursor: at });
    const queries = meter.take().operations.filter((operation) => operation === "Query").length;
    return { entries, queries };
  }

  test("the last event takes a few queries", async () => {
    const { entries, queries } = await read(1, undefined, "backward");
    expect(entries).toHaveLength(1);
    expect(queries).toBeLessThanOrEqual(6);
  });

  test.each(["forward", "backward"] as const)(
    "paging %s by ten finds each once, in a few queries a page",
    async (direction) => {
      const seen: string[] = [];
      let all = 0;
      for (let cursor: string | undefined, page = 0; page < 60; page += 1) {
        const { entries, queries } = await read(10, cursor, direction);
        seen.push(...entries.map(({ entityId, sequenceNumber }) => `${entityId} ${sequenceNumber}`));
        all += queries;
        cursor = entries.at(-1)?.cursor;
      }
      expect(new Set(seen).size).toBe(600);
      expect(all).toBeLessThanOrEqual(60 * 6);
    },
  );
});
