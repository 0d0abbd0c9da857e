import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { QueryCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { DynamoDBEventStore } from "../../../src/event-store/dynamodb/index.ts";
import {
  dynamoDbSweepProgress,
  makeSnapshot,
  type SweepContext,
  sweepAggregate,
} from "../../../src/snapshotter/index.ts";
import { putEvents, storedEvent } from "../../support/bare-table.ts";
import { counter } from "../../support/counter.ts";
import { documents, SNAPSHOTS, serviceDefinition, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { injectFaults, ProcessDeath } from "../../support/faults.ts";
import { newEntity, openStore } from "../../support/store.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const clock = () => new Date();

async function grow(store: DynamoDBEventStore, entityId: string, to: number): Promise<void> {
  const from = store.knownVersion(entityId) ?? 0;
  for (let start = from; start < to; start += 100) {
    const events = Array.from({ length: Math.min(100, to - start) }, () => ({
      eventType: "Added",
      eventData: { by: 1 },
    }));
    await store.appendEvents({
      aggregateType: "Counter",
      entityId,
      events,
      userId: "ann",
      correlationId: "c",
      expectedVersion: start,
    });
  }
}

describe("a snapshot", () => {
  test("is made once however often the notice comes, and an older one never replaces it", async () => {
    const store = openStore(engine);
    const context = { store, aggregates: [counter], clock };
    const entity = newEntity();
    await grow(store, entity, 100);
    expect(await makeSnapshot(context, counter, entity)).toEqual({ outcome: "made", version: 100 });
    expect(await makeSnapshot(context, counter, entity)).toEqual({ outcome: "current", version: 100 });
    await store.createSnapshot("Counter", entity, 50, { count: 50, sum: 0 }, 50, { stateVersion: "1" });
    expect(await store.getLatestSnapshot(entity)).toMatchObject({ version: 100, stateVersion: "1" });
    expect(await makeSnapshot(context, counter, newEntity())).toEqual({ outcome: "missing" });
  });

  test("of another state version is made anew at the same version", async () => {
    const store = openStore(engine);
    const entity = newEntity();
    await grow(store, entity, 10);
    await makeSnapshot({ store, aggregates: [counter], clock }, counter, entity);
    const newer = { ...counter, stateVersion: "2" };
    expect(await makeSnapshot({ store, aggregates: [newer], clock }, newer, entity)).toEqual({
      outcome: "made",
      version: 10,
    });
    expect(await store.getLatestSnapshot(entity)).toMatchObject({ stateVersion: "2" });
  });

  test("pushes the ones before the last K out by time to live", async () => {
    const store = openStore(engine);
    const entity = newEntity();
    const context = { store, aggregates: [counter], clock: () => new Date("2026-06-01T00:00:00Z"), keep: 2 };
    for (const version of [10, 20, 30, 40]) {
      await grow(store, entity, version);
      await makeSnapshot(context, counter, entity);
    }
    const { Items = [] } = await documents(engine.client).send(
      new QueryCommand({
        TableName: SNAPSHOTS,
        KeyConditionExpression: "entityId = :e",
        ExpressionAttributeValues: { ":e": entity },
      }),
    );
    const expiry = Date.parse("2026-06-02T00:00:00Z") / 1000;
    expect(Items.map(({ version, expiresAt }) => [version, expiresAt])).toEqual([
      [10, expiry],
      [20, expiry],
      [30, undefined],
      [40, undefined],
    ]);
  });

  test("of a state over 400 KB is refused, and loading goes on from the events", async () => {
    const store = openStore(engine);
    const entity = newEntity();
    const huge = { ...counter, evolve: () => ({ count: 1, sum: 1, text: "x".repeat(420_000) }) };
    await grow(store, entity, 1);
    expect(await makeSnapshot({ store, aggregates: [huge], clock }, huge, entity)).toMatchObject({
      outcome: "too-large",
      bytes: expect.any(Number),
    });
    expect(await store.getLatestSnapshot(entity)).toBeNull();
  });
});

describe("the sweep", () => {
  const ENTITIES = 1_000;
  /** More than a load reads at once. */
  const EACH = 120;
  const TABLE = "Sweep-Events";

  beforeAll(async () => {
    const events = serviceDefinition().tables.find(({ logicalId }) => logicalId === "EventsTable")!.create;
    const { StreamSpecification: _, ...create } = events;
    const indexes = events.GlobalSecondaryIndexes!.filter(({ IndexName }) => IndexName === "EventTypeIndex");
    const attributes = events.AttributeDefinitions!.filter(({ AttributeName }) => AttributeName !== "userId");
    await engine.client.send(
      new CreateTableCommand({
        ...create,
        TableName: TABLE,
        GlobalSecondaryIndexes: indexes,
        AttributeDefinitions: attributes,
      }),
    );
    const eventAt = (n: number) =>
      storedEvent({
        entityId: `counter-${n % ENTITIES}`,
        sequenceNumber: Math.floor(n / ENTITIES) + 1,
        aggregateType: "Counter",
        eventType: "Added",
        eventTime: new Date(Date.UTC(2026, 0, 1) + n).toISOString(),
        eventData: { by: 1 },
      });
    await putEvents(engine.client, TABLE, ENTITIES * EACH, eventAt);
  }, 240_000);

  function sweeper(killAt?: number) {
    const client = engine.connect({ maxAttempts: 1 });
    let puts = 0;
    const made: string[] = [];
    injectFaults(client, ({ operation, input }) => {
      if (
        operation !== "PutItemCommand" ||
        input.TableName !== SNAPSHOTS ||
        !("snapshotData" in (input.Item as object))
      )
        return undefined;
      puts += 1;
      made.push(`${(input.Item as { entityId: { S: string } }).entityId.S}`);
      return puts === killAt ? "death-after" : undefined;
    });
    const store = new DynamoDBEventStore(client, TABLE, SNAPSHOTS);
    const progress = dynamoDbSweepProgress(documents(client), SNAPSHOTS);
    const context: SweepContext = {
      store,
      aggregates: [counter],
      clock,
      progress,
      timeLeft: () => 1_000_000,
      slice: 5_000,
    };
    return { context, made };
  }

  test("finds every entity that changed, goes on after a kill in the middle and makes none twice", async () => {
    const first = sweeper(420);
    const outcome = await sweepAggregate(first.context, counter).catch((error: unknown) => error);
    const isDead = outcome instanceof ProcessDeath || (outcome as { failed: number }).failed > 0;
    expect(isDead).toBe(true);
    const second = sweeper();
    const report = await sweepAggregate(second.context, counter);
    expect(report).toMatchObject({ isDone: true, failed: 0 });
    const made = [...first.made, ...second.made];
    expect(made).toHaveLength(ENTITIES);
    expect(new Set(made).size).toBe(ENTITIES);
    for (let n = 0; n < ENTITIES; n += 97) {
      expect(await second.context.store.getLatestSnapshot(`counter-${n}`)).toMatchObject({
        version: EACH,
        snapshotData: { count: EACH },
      });
    }
  }, 240_000);

  test("looks only at what came since, and stops when its time is over", async () => {
    const { context } = sweeper();
    const late = storedEvent({
      entityId: "counter-7",
      sequenceNumber: EACH + 1,
      aggregateType: "Counter",
      eventType: "Added",
      eventTime: new Date().toISOString(),
      eventData: { by: 1 },
    });
    await putEvents(engine.client, TABLE, 1, () => late);
    const later = { ...context, clock: () => new Date(Date.now() + 60_000) };
    expect(await sweepAggregate(later, counter)).toEqual({
      aggregateType: "Counter",
      due: 1,
      made: 1,
      skipped: 0,
      tooLarge: 0,
      failed: 0,
      isDone: true,
    });
    const fresh = {
      ...context,
      progress: dynamoDbSweepProgress(documents(engine.client), "Sweep-Progress"),
      timeLeft: () => 0,
      slice: 100,
    };
    const positions = new Map();
    const progress = {
      load: async (type: string) => positions.get(type),
      save: async (type: string, position: object) => void positions.set(type, position),
    };
    const cut = { ...fresh, progress };
    const first = await sweepAggregate(cut, counter);
    expect(first).toMatchObject({ isDone: false, skipped: 100 });
    expect(await sweepAggregate(cut, counter)).toMatchObject({ isDone: false, skipped: 100 });
  });
});
