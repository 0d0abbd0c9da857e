import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Meter } from "../../../scripts/bench/meter.ts";
import { type CommandContext, handleCommand, StateCache } from "../../../src/aggregate/index.ts";
import type { Aggregate, Command } from "../../../src/definition/index.ts";
import {
  ConcurrencyError,
  InMemoryEventStore,
  isConcurrencyError,
  type NewEvent,
} from "../../../src/event-store/index.ts";
import { appendOne, several } from "../../support/appending.ts";
import { type CounterState, counter } from "../../support/counter.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { newEntity, openStore } from "../../support/store.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

/** A process of its own: a store, and what it keeps of states. */
function open(): { context: CommandContext<CounterState>; meter: Meter } {
  const client = engine.connect();
  const meter = new Meter(client);
  return { context: { store: openStore(engine, {}, client), cache: new StateCache(100) }, meter };
}
const by = { userId: "ann", correlationId: "c-1", now: "2026-01-01T00:00:00.000Z" };
const add = (context: CommandContext<CounterState>, entityId: string, amount = 1) =>
  handleCommand(context, counter, { ...by, entityId, command: { type: "Add", data: { by: amount } } });

test("a lost race costs the put that lost and one more: the winner's event comes with the refusal", async () => {
  const entity = newEntity();
  const [a, b] = [open(), open()];
  await add(a.context, entity);
  await add(b.context, entity);
  a.meter.take();
  const { version, state } = await add(a.context, entity, 5);
  expect({ version, state }).toEqual({ version: 3, state: { count: 3, sum: 17 } });
  expect(a.meter.take()).toMatchObject({ operations: ["PutItem", "PutItem"], read: 0 });
});

test("a first time that is refused and remembered while its repeat steps back is what the repeat is answered with", async () => {
  const entity = newEntity();
  const [{ context }, competitor] = [open(), open()];
  const other = competitor.context.store;
  await add(context, entity);
  let races = 0;
  const inner = context.store;
  const store = new Proxy(inner, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "appendEvents") return value.bind(target);
      return async (request: Parameters<typeof inner.appendEvents>[0]) => {
        races += 1;
        if (races <= 2) await add(competitor.context, entity);
        if (races === 2)
          await other.rememberOutcome({
            entityId: entity,
            commandId: "late",
            commandHash: "h",
            version: 3,
            rejection: { reason: "full", message: "there is no room", kind: "refused" },
          });
        return inner.appendEvents(request);
      };
    },
  });
  const command = { type: "Add", data: { by: 1 } } as const;
  const repeat = handleCommand({ store }, counter, {
    ...by,
    entityId: entity,
    command,
    commandId: "late",
    commandHash: "h",
  });
  await expect(repeat).rejects.toMatchObject({ code: "REJECTED", reason: "full" });
  expect(await other.getEvents(entity)).toHaveLength(3);
});

test("so does an append without an expected version", async () => {
  const entity = newEntity();
  const client = engine.connect();
  const [store, other] = [openStore(engine, {}, client), openStore(engine)];
  await appendOne(store, entity);
  await appendOne(other, entity);
  const meter = new Meter(client);
  expect(await appendOne(store, entity)).toBe(3);
  expect(meter.take()).toMatchObject({ operations: ["PutItem", "PutItem"], read: 0 });
});

test("a repeat is answered whole, also where its first time won a race by several events", async () => {
  const entity = newEntity();
  const [first, second] = [openStore(engine), openStore(engine)];
  for (const store of [first, second]) await appendOne(store, entity);
  const command = { id: "x", hash: "h" };
  const stored = await first.appendEvents(several(entity, 2, { command }));
  expect(stored).toMatchObject({ version: 4, repeated: false });
  let answer: Promise<unknown> | undefined;
  const precondition = () => {
    answer ??= second.knownVersion(entity) === 2 ? undefined : second.appendEvents(several(entity, 2, { command }));
  };
  expect(await second.appendEvents(several(entity, 1, { precondition }))).toMatchObject({ version: 5 });
  expect(await (answer ?? second.appendEvents(several(entity, 2, { command })))).toMatchObject({
    version: 4,
    repeated: true,
    events: [{ sequenceNumber: 3 }, { sequenceNumber: 4 }],
  });
});

test("a transaction of a hundred events in the way is read over at once", async () => {
  const entity = newEntity();
  const client = engine.connect();
  const [store, other] = [openStore(engine, { appendAttempts: 4 }, client), openStore(engine)];
  await appendOne(store, entity);
  await other.appendEvents(several(entity, 100));
  const meter = new Meter(client);
  expect(await appendOne(store, entity)).toBe(102);
  expect(meter.take().operations).toEqual(["PutItem", "PutItem", "Query", "PutItem"]);
});

test.each([
  ["memory", () => new InMemoryEventStore()],
  ["DynamoDB", () => openStore(engine)],
])("a conflict in %s shows the winner; unexplained it costs no read", async (_, openAny) => {
  const entity = newEntity();
  const store = openAny();
  await store.appendEvent("Thing", entity, "ThingDone", { n: 1 }, "ann", "c-1", 0);
  await store.appendEvent("Thing", entity, "ThingDone", { n: 2 }, "ann", "c-1", 1);
  const late = store instanceof InMemoryEventStore ? store : openStore(engine);
  const refused = await late
    .appendEvents({ ...several(entity, 1), expectedVersion: 0 })
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ actualVersion: 2, winner: { sequenceNumber: 1, eventData: { n: 1 } } });
  if (store instanceof InMemoryEventStore) return;
  const client = engine.connect();
  const meter = new Meter(client);
  const request = { ...several(entity, 1), expectedVersion: 0, explainsConflict: false };
  const cheap = await openStore(engine, {}, client)
    .appendEvents(request)
    .catch((error: unknown) => error);
  expect(cheap).toMatchObject({ actualVersion: 1, winner: { sequenceNumber: 1 } });
  expect(meter.take().operations).toEqual(["PutItem"]);
});

test.each([1, "yes", null])("%j does not say whether a conflict is explained", async (wrong) => {
  const request = { ...several(newEntity(), 1), explainsConflict: wrong as unknown as boolean };
  for (const store of [openStore(engine), new InMemoryEventStore()])
    await expect(store.appendEvents(request)).rejects.toMatchObject({ field: "explainsConflict" });
});

test("what is decided between two events that were stored at once is decided again", async () => {
  const pairs: Aggregate<number, Command<"Check", object>, NewEvent<"Added", { by: number }>> = {
    aggregateType: "Thing",
    eventTypes: {},
    stateVersion: "1",
    initialState: 0,
    decide(_, count) {
      if (count % 2 === 1) throw new TypeError("half a pair");
      return [{ eventType: "Added", eventData: { by: count } }];
    },
    evolve: (count) => count + 1,
  };
  const entity = newEntity();
  const store = openStore(engine);
  const context = { store, cache: new StateCache<number>(10) };
  await store.appendEvents(several(entity, 2));
  const check = () => handleCommand(context, pairs, { ...by, entityId: entity, command: { type: "Check", data: {} } });
  context.cache.set({ entityId: entity, version: 0, state: 0, commands: { records: [], complete: true } });
  expect(await check()).toMatchObject({ version: 3, events: [{ eventData: { by: 2 } }] });
  context.cache.set({ entityId: entity, version: 2, state: 2, commands: { records: [], complete: true } });
  await expect(check()).rejects.toThrow("half a pair");
});

test("sixteen processes, one entity: nothing is lost or doubled, nobody waits without end, ten requests a command at most", async () => {
  const entity = newEntity();
  const writers = Array.from({ length: 16 }, open);
  const longest: number[] = [];
  await Promise.all(
    writers.map(async ({ context }) => {
      for (let n = 0; n < 10; n += 1) {
        const begun = performance.now();
        await add(context, entity);
        longest.push(performance.now() - begun);
      }
    }),
  );
  const events = await openStore(engine).getEvents(entity);
  expect(events.map(({ sequenceNumber }) => sequenceNumber)).toEqual(Array.from({ length: 160 }, (_, n) => n + 1));
  const requests = writers.reduce((sum, { meter }) => sum + meter.take().requests, 0);
  // About four; more on a machine that is busy with other work, and 14 for a store that tries again at once.
  expect(requests).toBeLessThan(10 * 160);
  expect(Math.max(...longest)).toBeLessThan(10_000);
});

test("retries that are used up say where the entity was seen", async () => {
  const entity = newEntity();
  const store = openStore(engine);
  const [first, second] = [open(), open()];
  await add(first.context, entity);
  const context = { ...second.context, attempts: 1 };
  await add(context, entity);
  await add(first.context, entity);
  const error = await add(context, entity).catch((thrown: unknown) => thrown);
  expect(isConcurrencyError(error) && error).toBeInstanceOf(ConcurrencyError);
  expect(await store.getEvents(entity)).toHaveLength(3);
});
