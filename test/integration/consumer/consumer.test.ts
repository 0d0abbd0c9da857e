import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createConsumer, dynamoDbReceived, fetchFromApi, type ReceivedEvent } from "../../../src/consumer.ts";
import { createTables } from "../../../src/local/tables.ts";
import { documents, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { newEntity, openStore } from "../../support/store.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
  const create = {
    TableName: "Received",
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  } as const;
  await createTables(engine.client, [
    { logicalId: "Received", name: "Received", ttlAttribute: undefined, create: create as never },
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
    received: dynamoDbReceived(documents(engine.connect()), "Received", "billing"),
    handlers: {
      PriceUpdated: async (event: ReceivedEvent, { causationId }) =>
        void handled.push([event.sequenceNumber, event.data, causationId]),
    },
    ...more,
  });
  return { consumer, handled };
}

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
    expect(path).toBe(`/entities/${entity}/events?from=1&to=1&limit=1000`);
    return { events: await store.getEvents(entity, 1, 1) };
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
    const events = Array.from({ length: last - from + 1 }, (_, n) => {
      const { data: eventData, ...stored } = detail(entity, from + n);
      return { ...stored, eventData };
    });
    return { events, ...(last < to ? { nextFrom: last + 1 } : {}) };
  };
  const { consumer, handled } = open({ fetchEvents: fetchFromApi(get) });
  expect(await consumer.take(detail(entity, 1_151))).toBe("handled");
  expect(handled.map(([n]) => n)).toEqual(Array.from({ length: 1_151 }, (_, n) => n + 1));
  expect(paths).toHaveLength(2);
});
