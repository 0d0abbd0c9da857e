import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { DynamoDBEventStore } from "../../../src/event-store/dynamodb/index.ts";
import type { AppendRequest } from "../../../src/event-store/index.ts";
import { appendOne, sequenceOf, several, storeWithFault } from "../../support/appending.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { injectFaults } from "../../support/faults.ts";
import { newEntity, openStore } from "../../support/store.ts";

let engine: TestEngine;
let store: DynamoDBEventStore;
beforeAll(async () => {
  engine = await startTestEngine();
  store = openStore(engine);
});
afterAll(() => engine.stop());

describe("its own write is recognised", () => {
  const firstWrite = (operation: string) => /Put|Transact/.test(operation);

  test("after a lost reply that the SDK retried, the answer is the version", async () => {
    const entity = newEntity();
    let lost = 0;
    const faulty = storeWithFault(engine, "lost-reply", (operation) => firstWrite(operation) && lost++ === 0);
    expect(await appendOne(faulty, entity, 0)).toBe(1);
    expect(lost).toBeGreaterThan(1);
    expect(await sequenceOf(engine, entity)).toEqual([1]);
  });

  test("after more lost replies than the SDK retries", async () => {
    const entity = newEntity();
    let lost = 0;
    const faulty = storeWithFault(engine, "lost-reply", (operation) => firstWrite(operation) && lost++ < 5);
    expect(await appendOne(faulty, entity, 0)).toBe(1);
    expect(await sequenceOf(engine, entity)).toEqual([1]);
  });

  test("when another writer has gone on meanwhile", async () => {
    const entity = newEntity();
    const client = engine.connect();
    let isFirst = true;
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        if (isFirst) {
          isFirst = false;
          await appendOne(openStore(engine), entity, 1);
          throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET", name: "TimeoutError" });
        }
        return result;
      },
      { step: "finalizeRequest", priority: "low" },
    );
    expect(await appendOne(openStore(engine, {}, client), entity, 0)).toBe(1);
    expect(await sequenceOf(engine, entity)).toEqual([1, 2]);
  });

  test("in a transaction, also when its request token is forgotten", async () => {
    for (const forgetsToken of [false, true]) {
      const entity = newEntity();
      const client = engine.connect();
      let lost = 0;
      client.middlewareStack.add(
        (next) => async (args) => {
          const input = args.input as { ClientRequestToken?: string };
          const again = forgetsToken && lost > 0 ? { ...input, ClientRequestToken: `later-${entity}` } : input;
          return next({ ...args, input: again as typeof args.input });
        },
        { step: "initialize" },
      );
      injectFaults(client, ({ operation }) => (/Transact/.test(operation) && lost++ < 4 ? "lost-reply" : undefined));
      const appended = await openStore(engine, {}, client).appendEvents(several(entity, 3, { expectedVersion: 0 }));
      expect(appended).toMatchObject({ version: 3, repeated: false });
      expect(await sequenceOf(engine, entity)).toEqual([1, 2, 3]);
    }
  });

  test("throttles and transaction conflicts are retried, what stays surfaces with its name", async () => {
    for (const fault of ["throttle", "transaction-conflict", "lost-request"] as const) {
      let times = 0;
      const entity = newEntity();
      const faulty = storeWithFault(engine, fault, (operation) => firstWrite(operation) && times++ < 4);
      expect(await faulty.appendEvents(several(entity, 2, { expectedVersion: 0 }))).toMatchObject({ version: 2 });
      expect(await appendOne(faulty, entity, 2)).toBe(3);
    }
    const client = engine.connect();
    injectFaults(client, () => "throttle");
    const always = openStore(engine, { requestAttempts: 2 }, client);
    await expect(appendOne(always, newEntity(), 0)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      cause: { name: "ThrottlingException" },
    });
  });
});

describe("a repeated command", () => {
  const withCommand = (entityId: string, id: string, more: Partial<AppendRequest> = {}) =>
    several(entityId, 1, { command: { id }, ...more });

  test("stores nothing and answers with the first result, in this process or another", async () => {
    const entity = newEntity();
    await store.appendEvents(several(entity, 2, { command: { id: "k-1" }, expectedVersion: 0 }));
    await appendOne(store, entity, 2);
    for (const other of [store, openStore(engine)]) {
      const again = await other.appendEvents(several(entity, 2, { command: { id: "k-1" }, expectedVersion: 0 }));
      expect(again).toMatchObject({
        version: 2,
        repeated: true,
        events: [{ sequenceNumber: 1 }, { sequenceNumber: 2 }],
      });
      expect(await other.appendEvents(several(entity, 2, { command: { id: "k-1" } }))).toMatchObject({
        version: 2,
        repeated: true,
      });
    }
    expect(await sequenceOf(engine, entity)).toEqual([1, 2, 3]);
  });

  test("is recognised among the last 100 commands", async () => {
    const entity = newEntity();
    for (let n = 1; n <= 100; n += 1) await store.appendEvents(withCommand(entity, `k-${n}`));
    expect(await openStore(engine).appendEvents(withCommand(entity, "k-1"))).toMatchObject({
      version: 1,
      repeated: true,
    });
    expect(await openStore(engine).appendEvents(withCommand(entity, "k-60"))).toMatchObject({
      version: 60,
      repeated: true,
    });
  });

  test("two processes with the same command at once store it once", async () => {
    for (let round = 0; round < 5; round += 1) {
      const entity = newEntity();
      await appendOne(store, entity, 0);
      const results = await Promise.all(
        [1, 2, 3, 4].map(() =>
          openStore(engine).appendEvents(withCommand(entity, "k", round % 2 ? { expectedVersion: 1 } : {})),
        ),
      );
      expect(results.map(({ version }) => version)).toEqual([2, 2, 2, 2]);
      expect(await sequenceOf(engine, entity)).toEqual([1, 2]);
    }
  });

  test("the id of another command is refused", async () => {
    const entity = newEntity();
    await store.appendEvents(withCommand(entity, "k"));
    const other = { ...withCommand(entity, "k"), events: [{ eventType: "ThingDone", eventData: { other: true } }] };
    for (const table of [store, openStore(engine)]) {
      await expect(table.appendEvents(other)).rejects.toMatchObject({
        code: "COMMAND_ID_REUSED",
        commandId: "k",
        version: 1,
      });
    }
  });
});
