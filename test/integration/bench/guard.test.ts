import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { categoryTree } from "../../../projections/category-tree.ts";
import { productCatalog } from "../../../projections/product-catalog.ts";
import { productPriceHistory } from "../../../projections/product-price-history.ts";
import { Meter } from "../../../scripts/bench/meter.ts";
import { productEvent } from "../../../scripts/bench/product-events.ts";
import { load } from "../../../src/aggregate/index.ts";
import type { Projection } from "../../../src/definition/index.ts";
import { makeSnapshot } from "../../../src/snapshotter/index.ts";
import { counter } from "../../support/counter.ts";
import { documents, READ_MODELS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { batchOf, openProjector } from "../../support/projecting.ts";
import { type Publishing, startPublishing } from "../../support/publishing.ts";
import { newEntity, openStore } from "../../support/store.ts";

/** What work costs in requests. Who makes one of these rise has to say so here. */
let engine: TestEngine;
let publishing: Publishing;
beforeAll(async () => {
  engine = await startTestEngine();
  publishing = await startPublishing();
});
afterAll(async () => {
  await engine.stop();
  await publishing.stop();
});

const thousandOf = (entities: number, prefix: string) =>
  Array.from({ length: 1_000 }, (_, n) => productEvent(`${prefix}-${n % entities}`, Math.floor(n / entities) + 1));

describe("a batch of 1,000 events of 100 entities", () => {
  test.each<[string, Projection, number]>([
    ["a row per entity", productCatalog as Projection, 101],
    // 40 batches, a few more where one went out before it was full, and a checkpoint an entity.
    ["a row per event", productPriceHistory as Projection, 150],
    ["rows across entities, of one category", categoryTree as Projection, 8],
  ])("%s", async (kind, projection, most) => {
    let calls = 0;
    const counted = counting(projection, () => {
      calls += 1;
    });
    const client = engine.connect();
    const projector = openProjector(engine, { client, projections: [counted], generationsMaxAgeMs: 60_000 });
    await projector.project([]);
    const meter = new Meter(client);
    const [outcome] = await projector.project(batchOf(thousandOf(100, kind)));
    expect(outcome).toMatchObject({ failures: [], parked: 0 });
    expect(meter.take().requests).toBeLessThanOrEqual(most);
    expect(calls).toBe(outcome?.applied);
  });

  test("published: a request for ten entities' entries, a write for an entity's place", async () => {
    const client = publishing.engine.connect();
    const meter = new Meter(client);
    const publisher = publishing.publisher({ table: { client: documents(client), name: READ_MODELS } });
    const outcome = await publisher.publish(batchOf(thousandOf(100, "bus")));
    expect(outcome).toMatchObject({ published: 1_000, failures: [] });
    expect(outcome.requests).toBeLessThanOrEqual(100);
    expect(meter.take().requests).toBeLessThanOrEqual(101);
  });
});

describe("a cold load of 1,000 events", () => {
  test.each([
    ["with a snapshot at 900", true, { requests: 2, calls: 100 }],
    ["without a snapshot", false, { requests: 4, calls: 1_000 }],
  ])("%s: so many requests, and evolve is called once an event", async (_, hasSnapshot, expected) => {
    const entity = newEntity();
    const writer = openStore(engine);
    const fill = async (from: number, to: number) => {
      for (let version = from; version < to; version += 100) {
        const events = Array.from({ length: 100 }, () => ({ eventType: "Added", eventData: { by: 1 } }));
        const request = { aggregateType: "Counter", entityId: entity, events, userId: "ann", correlationId: "c-1" };
        await writer.appendEvents({ ...request, expectedVersion: version });
      }
    };
    let calls = 0;
    const counted = {
      ...counter,
      evolve: (...given: Parameters<typeof counter.evolve>) => {
        calls += 1;
        return counter.evolve(...given);
      },
    };
    const cost = async () => {
      const client = engine.connect();
      const meter = new Meter(client);
      calls = 0;
      expect(await load(openStore(engine, {}, client), counted, entity)).toMatchObject({ version: 1_000 });
      return { requests: meter.take().requests, calls };
    };
    await fill(0, 900);
    if (hasSnapshot) {
      const context = { store: writer, aggregates: [counter], clock: () => new Date() };
      expect((await makeSnapshot(context, counter, entity)).outcome).toBe("made");
    }
    await fill(900, 1_000);
    expect(await cost()).toEqual(expected);
  });
});

/** The projection, whose code tells each call for an event. */
function counting(projection: Projection, call: () => void): Projection {
  const name =
    "evolve" in projection ? "evolve" : "row" in projection && projection.kind === "row-per-event" ? "row" : "change";
  const own = (projection as unknown as Record<string, (...given: unknown[]) => unknown>)[name];
  if (!own) throw new Error(`${projection.name} has no ${name}`);
  const told = (...given: unknown[]) => {
    call();
    return own(...given);
  };
  return { ...projection, name: `guard-${projection.name}`, [name]: told } as Projection;
}
