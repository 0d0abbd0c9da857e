import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createConsumer, dynamoDbCheckpoints, fetchFromApi, type ReceivedEvent } from "../../../src/consumer.ts";
import type { StoredEvent } from "../../../src/event-store/index.ts";
import { createApp } from "../../../src/http/index.ts";
import { createTables } from "../../../src/local/tables.ts";
import { productService } from "../../../src/product/service.ts";
import { envelopeOf } from "../../../src/publisher/index.ts";
import { documents, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { newEntity, openStore } from "../../support/store.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
  const create = {
    TableName: "ConsumerCheckpoints",
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  } as const;
  await createTables(engine.client, [
    { logicalId: "ConsumerCheckpoints", name: "ConsumerCheckpoints", ttlAttribute: undefined, create: create as never },
  ]);
});
afterAll(() => engine.stop());

const detail = (entityId: string, sequenceNumber: number, more: object = {}) => ({
  eventId: `${entityId}-${sequenceNumber}`,
  entityId,
  aggregateType: "Product",
  sequenceNumber,
  eventType: "PriceUpdated",
  eventTime: "2026-01-01T00:00:00.000Z",
  version: "1.0",
  correlationId: "corr",
  data: { n: sequenceNumber },
  ...more,
});

function open(more: object = {}) {
  const handled: [number, unknown, string][] = [];
  const consumer = createConsumer({
    checkpoints: dynamoDbCheckpoints(documents(engine.connect()), "ConsumerCheckpoints", "billing"),
    handlers: {
      PriceUpdated: async (event: ReceivedEvent, { causationId }) =>
        void handled.push([event.sequenceNumber, event.data, causationId]),
    },
    ...more,
  });
  return { consumer, handled };
}

test("what keeps the progress may be an object of a class", async () => {
  class Remembered {
    readonly #last = new Map<string, number>();
    readonly #owners = new Map<string, string>();
    async last(key: string) {
      return this.#last.get(key) ?? 0;
    }
    async advance(key: string, sequenceNumber: number) {
      this.#last.set(key, sequenceNumber);
      return true;
    }
    async lease(key: string, owner: string) {
      if (this.#owners.has(key)) return false;
      this.#owners.set(key, owner);
      return true;
    }
    async release(key: string) {
      this.#owners.delete(key);
    }
  }
  const { consumer, handled } = open({ checkpoints: new Remembered() });
  for (const n of [1, 2, 2]) await consumer.take(detail("classy", n));
  expect(handled.map(([n]) => n)).toEqual([1, 2]);
});

test("an event is handled once, with the link for what it causes", async () => {
  const entity = newEntity();
  const { consumer, handled } = open();
  expect(await consumer.take(detail(entity, 1))).toBe("handled");
  expect(await consumer.take(detail(entity, 1))).toBe("duplicate");
  expect(await open().consumer.take(detail(entity, 1))).toBe("duplicate");
  expect(await consumer.take(detail(entity, 2, { eventType: "Unheard" }))).toBe("handled");
  expect(handled).toEqual([[1, { n: 1 }, `${entity}-1`]]);
});

test("a gap makes the message come again, or is fetched", async () => {
  const entity = newEntity();
  await expect(open().consumer.take(detail(entity, 3))).rejects.toMatchObject({
    code: "GAP",
    missingFrom: 1,
    missingTo: 2,
  });
  const fetchEvents = async (id: string, from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, n) => detail(id, from + n) as ReceivedEvent);
  const { consumer, handled } = open({ fetchEvents });
  expect(await consumer.take(detail(entity, 3))).toBe("handled");
  expect(handled.map(([number]) => number)).toEqual([1, 2, 3]);
});

test("a claim check is resolved from the service's API", async () => {
  const entity = newEntity();
  const store = openStore(engine);
  await store.appendEvent("Product", entity, "PriceUpdated", { text: "x".repeat(1_000) }, "ann", "c", 0);
  const fetchEvents = fetchFromApi(async (path) => {
    expect(path).toBe(`/entities/${entity}/published?from=1&to=1&limit=1000`);
    const [event] = await store.getEvents(entity, 1, 1);
    return { events: [envelopeOf(event!, {})], readUpTo: 1 };
  });
  const { consumer, handled } = open({ fetchEvents });
  const claim = detail(entity, 1, { data: undefined, claimCheck: { entityId: entity, sequenceNumber: 1, path: "/x" } });
  await consumer.take(JSON.parse(JSON.stringify(claim)));
  expect(handled[0]?.[1]).toEqual({ text: "x".repeat(1_000) });
});

test("a batch fails only the messages that failed", async () => {
  const entity = newEntity();
  const record = (messageId: string, body: object) => ({ messageId, body: JSON.stringify(body) });
  const Records = [
    record("a", { detail: detail(entity, 1) }),
    record("b", { detail: { nonsense: true } }),
    record("c", { detail: detail(entity, 3) }),
    record("d", { detail: detail(entity, 2) }),
  ];
  const lines: string[] = [];
  const { consumer, handled } = open({ log: (line: string) => lines.push(line) });
  expect(await consumer.handler({ Records } as never)).toEqual({
    batchItemFailures: [{ itemIdentifier: "b" }, { itemIdentifier: "c" }],
  });
  expect(handled.map(([number]) => number)).toEqual([1, 2]);
  expect(lines.join("\n")).toMatch(/not a published event: eventId/);
});

test.each<[string, (entity: string) => object]>([
  ["one event twice", (entity) => [detail(entity, 1), detail(entity, 1)]],
  ["another entity's events", () => [detail("other", 1), detail("other", 2)]],
  ["numbers beside it", (entity) => [detail(entity, 3), detail(entity, 4)]],
  ["less than it says", (entity) => ({ events: [detail(entity, 1)], readUpTo: 1 })],
])("a gap that is answered with %s is no answer", async (_what, answer) => {
  const entity = newEntity();
  const { consumer, handled } = open({ fetchEvents: async () => answer(entity) });
  await expect(consumer.take(detail(entity, 3))).rejects.toMatchObject({ name: "GapError" });
  expect(handled).toEqual([]);
});

test("an event that an answer has twice is handled once", async () => {
  const entity = newEntity();
  const events = [detail(entity, 2), detail(entity, 1), detail(entity, 2)];
  for (const answer of [events, { events, readUpTo: 2 }]) {
    const { consumer, handled } = open({ fetchEvents: async () => answer });
    await consumer.take(detail(entity, 3), { source: JSON.stringify(answer) });
    expect(handled.map(([n]) => n)).toEqual([1, 2, 3]);
  }
});

test("a gap of more events than one answer of the API holds is fetched in as many answers as it takes", async () => {
  const entity = newEntity("wide");
  const paths: string[] = [];
  const get = async (path: string) => {
    paths.push(path);
    const query = new URL(path, "http://api").searchParams;
    const [from, to, limit] = ["from", "to", "limit"].map((name) => Number(query.get(name))) as [
      number,
      number,
      number,
    ];
    const last = Math.min(to, from + limit - 1);
    const events = Array.from({ length: last - from + 1 }, (_, n) => detail(entity, from + n));
    return { events, readUpTo: last, ...(last < to ? { nextFrom: last + 1 } : {}) };
  };
  const { consumer, handled } = open({ fetchEvents: fetchFromApi(get) });
  expect(await consumer.take(detail(entity, 1_151))).toBe("handled");
  expect(handled.map(([n]) => n)).toEqual(Array.from({ length: 1_151 }, (_, n) => n + 1));
  expect(paths).toHaveLength(2);
});

describe("two services", () => {
  test("may have an entity of the same id, and one service two aggregates", async () => {
    const entity = newEntity("4711");
    const { consumer, handled } = open();
    const record = (messageId: string, source: string, more: object = {}) => ({
      messageId,
      body: JSON.stringify({ source, detail: detail(entity, 1, more) }),
    });
    const Records = [
      record("1", "OrderService"),
      record("2", "ProductService"),
      record("3", "ProductService", { aggregateType: "Order" }),
    ];
    expect(await consumer.handler({ Records } as never)).toEqual({ batchItemFailures: [] });
    expect(handled).toHaveLength(3);
  });

  test("an entity of the longest id is remembered", async () => {
    const { consumer } = open();
    for (const outcome of ["handled", "duplicate"])
      expect(await consumer.take(detail("x".repeat(1_000), 1), { source: "s".repeat(100) })).toBe(outcome);
  });
});

describe("a claim check", () => {
  const claim = (entity: string) =>
    JSON.parse(
      JSON.stringify(
        detail(entity, 1, { data: undefined, claimCheck: { entityId: entity, sequenceNumber: 1, path: "/x" } }),
      ),
    );

  test.each([
    ["without fetchEvents", {}],
    ["that nobody has", { fetchEvents: async () => [] }],
    ["that is answered with a claim check", { fetchEvents: async (id: string) => [claim(id)] }],
  ])("%s fails, and is not handled without its data", async (_, more) => {
    const entity = newEntity();
    const { consumer, handled } = open(more);
    await expect(consumer.take(claim(entity))).rejects.toMatchObject({ code: "CLAIM_CHECK", entityId: entity });
    expect(handled).toEqual([]);
    expect(await open().consumer.take(detail(entity, 1))).toBe("handled");
  });
});

test("a gap in what is public is no gap, and what is fetched is the public form", async () => {
  const entity = newEntity("private");
  const store = openStore(engine);
  for (const [n, type] of ["PriceUpdated", "Secret", "PriceUpdated", "Secret", "PriceUpdated"].entries())
    await store.appendEvent("Product", entity, type, { n: n + 1, margin: 3 }, "ann", "c", n);
  const publicEvents = {
    Product: {
      Secret: { isPublic: false },
      PriceUpdated: { publishedAs: { data: ({ eventData }: StoredEvent) => ({ n: eventData.n }) } },
    },
  };
  const service = { ...productService, publicEvents };
  const app = createApp(service, [], {
    store,
    newId: () => "id",
    clock: () => new Date(),
    log: () => undefined,
  } as never);
  const fetchEvents = fetchFromApi(async (path) => (await app.request(path)).json());
  const { consumer, handled } = open({ fetchEvents });
  expect(await consumer.take(detail(entity, 5, { data: { n: 5 } }))).toBe("handled");
  expect(handled.map(([number, data]) => [number, data])).toEqual([
    [1, { n: 1 }],
    [3, { n: 3 }],
    [5, { n: 5 }],
  ]);
  const behind = fetchFromApi(async () => ({ events: [], readUpTo: 5 }));
  await expect(open({ fetchEvents: behind }).consumer.take(detail(entity, 9))).rejects.toMatchObject({ code: "GAP" });
});

test("invocations at once handle each event once, in order, and end on the newest", async () => {
  const ids = Array.from({ length: 12 }, () => newEntity("twice"));
  const handled = new Map<string, number[]>();
  const handlers = {
    PriceUpdated: async (event: ReceivedEvent) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
      handled.set(event.entityId, [...(handled.get(event.entityId) ?? []), event.sequenceNumber]);
    },
  };
  const fetchEvents = async (id: string, from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, n) => detail(id, from + n) as ReceivedEvent);
  const all = ids.flatMap((id) => [1, 2, 3, 4].map((n) => ({ id, n })));
  const run = async () => {
    const { consumer } = open({ handlers, fetchEvents, waitMs: 30_000 });
    const order = all.map((one) => [Math.random(), one] as const).sort(([a], [b]) => a - b);
    for (const [, { id, n }] of order) await consumer.take(detail(id, n));
  };
  await Promise.all([run(), run(), run()]);
  for (const id of ids) expect(handled.get(id)).toEqual([1, 2, 3, 4]);
}, 60_000);

test("a lease that nobody gave back runs out, and one that is held makes the message come again", async () => {
  const entity = newEntity("leased");
  let now = Date.now();
  const checkpoints = dynamoDbCheckpoints(documents(engine.connect()), "ConsumerCheckpoints", "billing", {
    leaseMs: 1_000,
    clock: () => new Date(now),
  });
  const key = JSON.stringify(["", "Product", entity]);
  expect(await checkpoints.lease(key, "somebody who died")).toBe(true);
  const { consumer } = open({ checkpoints, waitMs: 0 });
  await expect(consumer.take(detail(entity, 1))).rejects.toMatchObject({ code: "BUSY", entityId: entity });
  now += 1_001;
  expect(await consumer.take(detail(entity, 1))).toBe("handled");
});

describe("a subscriber that joins late", () => {
  const fetchEvents = async (id: string, from: number, to: number) =>
    Array.from(
      { length: to - from + 1 },
      (_, n) => detail(id, from + n, { eventTime: `2026-01-0${from + n}T00:00:00.000Z` }) as ReceivedEvent,
    );
  const at = (id: string, n: number) => detail(id, n, { eventTime: `2026-01-0${n}T00:00:00.000Z` });

  test.each<[string, object, number[]]>([
    ["now", { startAt: "now" }, [5, 6]],
    ["now, with fetchEvents", { startAt: "now", fetchEvents }, [5, 6]],
    ["a time", { startAt: "2026-01-03", fetchEvents }, [3, 4, 5, 6]],
    ["a time, without fetchEvents", { startAt: "2026-01-03" }, [5, 6]],
    ["the beginning", { fetchEvents }, [1, 2, 3, 4, 5, 6]],
  ])("begins with %s", async (_, more, expected) => {
    const entity = newEntity("late");
    const { consumer, handled } = open(more);
    for (const n of [5, 6]) expect(await consumer.take(at(entity, n))).toBe("handled");
    expect(handled.map(([n]) => n)).toEqual(expected);
  });

  test("passes by what is older than its time, and has no gap there", async () => {
    const entity = newEntity("late");
    const { consumer, handled } = open({ startAt: "2026-01-04" });
    expect([await consumer.take(at(entity, 3)), await consumer.take(at(entity, 4))]).toEqual(["skipped", "handled"]);
    expect(handled.map(([n]) => n)).toEqual([4]);
  });
});

test.each<[string, object, string]>([
  [
    "a handler that the contract does not have",
    { handlers: { PriceUpdatd: async () => undefined }, contract: ["PriceUpdated"] },
    "handlers",
  ],
  [
    "a handler that the AsyncAPI document does not have",
    { handlers: { Pric: async () => undefined }, contract: { channels: { bus: { messages: { PriceUpdated: {} } } } } },
    "handlers",
  ],
  ["a misspelt option", { fetchEvent: async () => [] }, "options.fetchEvent"],
  ["a time that is none", { startAt: "yesterday" }, "startAt"],
])("%s is refused by name", (_, more, field) => {
  expect(() => open(more)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", field }) as unknown as Error);
});
