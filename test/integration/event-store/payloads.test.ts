import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { PayloadEncoding } from "../../../src/event-store/dynamodb/index.ts";
import { EVENTS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { newEntity, openStore } from "../../support/store.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const numbers = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.constantFrom(
    -0,
    0,
    2 ** 53 - 1,
    2 ** 53,
    2 ** 53 + 2,
    -(2 ** 53) - 2,
    1e21,
    1.5e-7,
    9.99e125,
    1e126,
    1e-130,
    5e-324,
    1.7976931348623157e308,
  ),
);
const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("", "🧶", "\ud83e", "\udc00x", "\u0000", "é"),
);
const keys = fc.oneof(
  fc.string(),
  fc.constantFrom("", "__proto__", "constructor", "toString", "🧶", "#name", ":v", "a.b"),
);
const { value: anyJson } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, numbers, texts, fc.boolean(), fc.constant(null), tie("list"), tie("map")),
  list: fc.array(tie("value"), { maxLength: 4 }),
  map: fc.dictionary(keys, tie("value"), { maxKeys: 4, noNullPrototype: true }),
}));
const payloads = fc.dictionary(keys, anyJson, { maxKeys: 5, noNullPrototype: true });

/** What may be refused under each encoding, and why; everything else must come back. */
const REASONS: Record<PayloadEncoding, RegExp> = {
  map: /surrogate|outside the range|empty key|drops a key|nested deeper/,
  json: /^never$/,
};

describe.each(["map", "json"] as const)("stored as %s", (encoding) => {
  test("what comes back equals JSON.parse(JSON.stringify(x)), or the append is refused with path and reason", async () => {
    const store = openStore(engine, { payloadEncoding: encoding });
    let stored = 0;
    await fc.assert(
      fc.asyncProperty(payloads, async (payload) => {
        const entity = newEntity();
        try {
          await store.appendEvent("Thing", entity, "ThingDone", payload, "ann", "c-1", 0);
        } catch (error) {
          expect(error).toMatchObject({
            code: "UNSTORABLE_VALUE",
            path: expect.stringMatching(/^eventData/),
            reason: expect.stringMatching(REASONS[encoding]),
          });
          return;
        }
        stored += 1;
        const [event] = await store.getEvents(entity);
        const expected = JSON.parse(JSON.stringify(payload)) as object;
        expect(JSON.stringify(event?.eventData, sorted)).toBe(JSON.stringify(expected, sorted));
      }),
      { numRuns: 400 },
    );
    expect(stored).toBeGreaterThan(50);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  test.each([
    ["NaN", { a: [Number.NaN] }, "eventData.a[0]"],
    ["Infinity", { a: { b: Number.POSITIVE_INFINITY } }, "eventData.a.b"],
    ["a function", { a: () => 1 }, "eventData.a"],
    ["a Map", { a: new Map([[1, 2]]) }, "eventData.a"],
    ["a Set", { a: new Set([1]) }, "eventData.a"],
    ["a bigint", { a: 1n }, "eventData.a"],
    ["a cycle", cyclic, "eventData.self"],
    ["a list at the top", [1], "eventData"],
  ])("%s is refused with its path", async (_name, payload, path) => {
    const store = openStore(engine, { payloadEncoding: encoding });
    const append = store.appendEvent("Thing", newEntity(), "ThingDone", payload as object, "ann", "c-1", 0);
    await expect(append).rejects.toMatchObject({ code: "UNSTORABLE_VALUE", path });
  });

  test("dates, undefined and toJSON come back as JSON has them", async () => {
    const store = openStore(engine, { payloadEncoding: encoding });
    const entity = newEntity();
    const payload = { at: new Date(0), gone: undefined, list: [undefined, 1], money: { toJSON: () => "1 USD" } };
    await store.appendEvent("Thing", entity, "ThingDone", payload, "ann", "c-1", 0);
    const [event] = await store.getEvents(entity);
    expect(event?.eventData).toEqual({ at: "1970-01-01T00:00:00.000Z", list: [null, 1], money: "1 USD" });
  });
});

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) });

test("32 levels are stored as maps, 33 only as a JSON string", async () => {
  const maps = openStore(engine);
  const entity = newEntity();
  await maps.appendEvent("Thing", entity, "ThingDone", nested(32), "ann", "c-1", 0);
  expect((await maps.getEvents(entity))[0]?.eventData).toEqual(nested(32));
  await expect(maps.appendEvent("Thing", entity, "ThingDone", nested(33), "ann", "c-1", 1)).rejects.toMatchObject({
    reason: expect.stringContaining("32 levels"),
  });
  const texts = openStore(engine, { payloadEncoding: "json" });
  await texts.appendEvent("Thing", entity, "ThingDone", nested(60), "ann", "c-1", 1);
  expect((await maps.getEvents(entity)).map(({ eventData }) => eventData)).toEqual([nested(32), nested(60)]);
});

test("rows of older writers, with a JSON string, are read among maps", async () => {
  const store = openStore(engine);
  const entity = newEntity();
  await store.appendEvent("Thing", entity, "ThingDone", { n: 1 }, "ann", "c-1", 0);
  const old = {
    eventId: "e",
    eventType: "ThingDone",
    eventTime: "2026-01-01T00:00:00.000Z",
    eventData: '{"n":2}',
    version: "1.0",
    userId: "ann",
    correlationId: "c",
    aggregateType: "Thing",
  };
  const texts = Object.fromEntries(Object.entries(old).map(([name, S]) => [name, { S }]));
  const Item = { entityId: { S: entity }, sequenceNumber: { N: "2" }, ...texts };
  await engine.client.send(new PutItemCommand({ TableName: EVENTS, Item }));
  await openStore(engine, { payloadEncoding: "json" }).appendEvent(
    "Thing",
    entity,
    "ThingDone",
    { n: 3 },
    "ann",
    "c-1",
    2,
  );
  expect((await store.getEvents(entity)).map(({ eventData }) => eventData)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
});
