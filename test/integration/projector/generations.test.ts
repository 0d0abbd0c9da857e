import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Projection } from "../../../src/definition/index.ts";
import type { StoredEvent } from "../../../src/event-store/index.ts";
import {
  createRowReader,
  forgetGeneration,
  GenerationsCache,
  type Projector,
  readGenerations,
  rebuild,
  rollback,
  skipParked,
  verify,
} from "../../../src/projector/dynamodb/index.ts";
import { putEvents, storedEvent } from "../../support/bare-table.ts";
import { catalogOver } from "../../support/catalog-over.ts";
import { documents, EVENTS, READ_MODELS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { injectFaults } from "../../support/faults.ts";
import { batchOf, openProjector } from "../../support/projecting.ts";
import { until } from "../../support/until.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const clock = () => new Date();
const pause = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, Math.min(100, milliseconds)));
const options = { clock, pause };
const table = () => ({ client: documents(engine.client), name: READ_MODELS });

const catalogOf = (name: string, version = 1): Projection => ({
  ...catalogOver(name, ["ProductCreated", "ProductRenamed"]),
  version,
});

const named = (type: string, entityId: string, n: number): StoredEvent =>
  storedEvent({
    entityId,
    sequenceNumber: n,
    aggregateType: type,
    eventType: n === 1 ? "ProductCreated" : "ProductRenamed",
    eventTime: clock().toISOString(),
    eventData: {
      name: `n${n}`,
      previousName: "x",
      description: "",
      price: { amount: 1, currency: "USD" },
      categoryId: null,
    },
  });

const open = (...projections: Projection[]): Projector => openProjector(engine, { projections });

async function write(projector: Projector, type: string, entityId: string, n: number): Promise<void> {
  const event = named(type, entityId, n);
  await putEvents(engine.client, EVENTS, 1, () => event);
  await projector.project(batchOf([event]));
}

async function shown(projection: Projection, entityId: string): Promise<unknown> {
  const reader = createRowReader(table(), new GenerationsCache(table(), clock, 0, "reads"), projection);
  return ((await reader.row(entityId))?.row as { name: string } | undefined)?.name;
}

describe("a generation that is being built", () => {
  test("is not dropped, unless it is abandoned by name, and its rebuild says so then", async () => {
    const name = "drop-building";
    const catalog = catalogOf(name);
    for (let n = 0; n < 30; n += 1) await write(open(catalog), name, `${name}-${n}`, 1);
    let dropped: Promise<unknown> | undefined;
    const onProgress = () => {
      dropped ??= forgetGeneration(open(catalog), catalog, { generation: 2, clock })
        .catch((error: Error) => error.message)
        .then(async (message) => {
          await forgetGeneration(open(catalog), catalog, { generation: 2, clock, abandon: true });
          return message;
        });
      return dropped;
    };
    const waiting = async () => void (await dropped);
    const rebuilt = rebuild(open(catalog), catalog, {
      ...options,
      segments: 1,
      pageSize: 5,
      onProgress,
      capacityPerSecond: 1_000,
      pause: waiting,
    });
    await expect(rebuilt).rejects.toMatchObject({
      code: "REBUILD_OVERTAKEN",
      generation: 2,
      message: expect.stringContaining("dropped"),
    });
    expect(await dropped).toContain("is being built");
    expect(await readGenerations(table(), name)).toMatchObject({ serving: 1, all: [{ generation: 1 }] });
    expect(await shown(catalog, `${name}-1`)).toBe("n1");
    expect(await rebuild(open(catalog), catalog, options)).toEqual({ generation: 3 });
  });

  test("is not served over a rollback that came between", async () => {
    const name = "overtaken";
    const catalog = catalogOf(name);
    for (let n = 0; n < 10; n += 1) await write(open(catalog), name, `${name}-${n}`, 1);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isHeld = false;
    const slow = rebuild(open(catalog), catalog, {
      ...options,
      pause: async () => {
        isHeld = true;
        await held;
      },
    });
    await until(() => (isHeld ? true : undefined), "the slow rebuild to have begun");
    expect(await rebuild(open(catalog), catalog, options)).toEqual({ generation: 2 });
    expect(await rollback(open(catalog), catalog, { clock })).toEqual({ generation: 1 });
    release();
    await expect(slow).rejects.toMatchObject({
      code: "REBUILD_OVERTAKEN",
      message: expect.stringContaining("generation 1 was served meanwhile"),
    });
    expect(await readGenerations(table(), name)).toMatchObject({ serving: 1, previous: 2 });
  });
});

describe("a generation whose code was away", () => {
  test("is not gone back to in silence, and is caught up on request", async () => {
    const name = "away";
    const [one, two] = [catalogOf(name, 1), catalogOf(name, 2)];
    await write(open(one), name, "away-a", 1);
    await write(open(one, two), name, "away-a", 2);
    await rebuild(open(one, two), two, options);
    await write(open(two), name, "away-a", 3);
    await write(open(two), name, "away-b", 1);
    await expect(rollback(open(one), one, { clock })).rejects.toMatchObject({
      code: "GENERATION_NOT_FED",
      generation: 1,
      message: expect.stringMatching(/away@1 was not fed at .*: code without its version 1 ran.*catch up/),
    });
    expect(await readGenerations(table(), name)).toMatchObject({ serving: 2 });
    await expect(rollback(open(two), two, { clock, catchUp: options })).rejects.toMatchObject({
      code: "GENERATION_NOT_FED",
    });
    expect(await rollback(open(one), one, { clock, catchUp: options })).toEqual({ generation: 1 });
    expect(await shown(one, "away-a")).toBe("n3");
    expect(await shown(one, "away-b")).toBe("n1");
    expect(await rollback(open(one, two), two, { clock })).toEqual({ generation: 2 });
  });

  test("is not completed by a catch-up that was cut off before it missed more", async () => {
    const name = "cut-catch-up";
    const [one, two] = [catalogOf(name, 1), catalogOf(name, 2)];
    await write(open(one), name, "cut-a", 1);
    await rebuild(open(one, two), two, options);
    await write(open(two), name, "cut-a", 2);
    const killing = {
      ...options,
      segments: 1,
      onProgress: () => {
        throw new Error("killed");
      },
    };
    await expect(rollback(open(one), one, { clock, catchUp: killing })).rejects.toThrow("killed");
    await write(open(one, two), name, "cut-a", 3);
    await write(open(two), name, "cut-b", 1);
    expect(await rollback(open(one), one, { clock, catchUp: { ...options, segments: 1 } })).toEqual({ generation: 1 });
    expect([await shown(one, "cut-a"), await shown(one, "cut-b")]).toEqual(["n3", "n1"]);
  });

  test("is scanned anew by the rebuild that is gone on with", async () => {
    const name = "resumed";
    const [one, two] = [catalogOf(name, 1), catalogOf(name, 2)];
    await write(open(one, two), name, "resumed-a", 1);
    let looks = 0;
    const killed = rebuild(open(one), one, {
      ...options,
      segments: 1,
      onProgress: () => {
        looks += 1;
        if (looks === 2) throw new Error("killed just before the swap");
      },
    });
    await expect(killed).rejects.toThrow("killed");
    await write(open(two), name, "resumed-a", 2);
    await write(open(two), name, "resumed-c", 1);
    expect(await rebuild(open(one), one, { ...options, segments: 1 })).toEqual({ generation: 2 });
    expect([await shown(one, "resumed-a"), await shown(one, "resumed-c")]).toEqual(["n2", "n1"]);
  });

  test("is known also when its projection was gone from the code for a while", async () => {
    const name = "gone";
    const [gone, other] = [catalogOf(name), catalogOf("stays")];
    await write(open(gone, other), name, "gone-a", 1);
    await rebuild(open(gone, other), gone, options);
    await write(open(gone, other), name, "gone-a", 2);
    await write(open(other), name, "gone-a", 3);
    await expect(rollback(open(gone, other), gone, { clock })).rejects.toMatchObject({ code: "GENERATION_NOT_FED" });
  });

  test("is told from one that was idle all the while", async () => {
    const name = "idle";
    const catalog = catalogOf(name);
    await write(open(catalog), name, "idle-a", 1);
    await rebuild(open(catalog), catalog, options);
    await write(open(catalog), name, "idle-a", 2);
    expect(await rollback(open(catalog), catalog, { clock })).toEqual({ generation: 1 });
    expect(await shown(catalog, "idle-a")).toBe("n2");
  });
});

describe("at the swap", () => {
  test("what live feeding left behind in the new generation is caught up before it is served", async () => {
    const name = "swap";
    const catalog = catalogOf(name);
    const client = engine.connect({ maxAttempts: 1 });
    let isThrottled = false;
    injectFaults(client, ({ operation, input }) =>
      isThrottled && operation === "PutItemCommand" && JSON.stringify(input.Item).includes(`${name}@2#`)
        ? "throttle"
        : undefined,
    );
    const live = openProjector(engine, { client, projections: [catalog] });
    for (const id of ["a", "b", "c"]) await write(live, name, `${name}-${id}`, 1);
    let feeding: Promise<unknown> | undefined;
    const { generation } = await rebuild(open(catalog), catalog, {
      ...options,
      segments: 1,
      onProgress: ({ segmentsDone }) => {
        if (segmentsDone < 1 || feeding) return;
        isThrottled = true;
        feeding = Promise.all(["a", "b"].map((id) => write(live, name, `${name}-${id}`, 2)));
      },
      pause: async (milliseconds) => {
        await pause(milliseconds);
        await feeding;
      },
    });
    expect(generation).toBe(2);
    await until(async () => ((await shown(catalog, `${name}-a`)) === "n2" ? true : undefined), "the newest row");
    await feeding;
    expect([await shown(catalog, `${name}-a`), await shown(catalog, `${name}-b`)]).toEqual(["n2", "n2"]);
  });

  test("a reader of the same version never goes back, even while the new generation is behind", async () => {
    const name = "never-back";
    const catalog = catalogOf(name);
    await write(open(catalog), name, `${name}-a`, 1);
    await rebuild(open(catalog), catalog, options);
    const client = engine.connect({ maxAttempts: 1 });
    injectFaults(client, ({ operation, input }) =>
      operation === "PutItemCommand" && JSON.stringify(input.Item).includes(`${name}@2#`) ? "denied" : undefined,
    );
    await write(openProjector(engine, { client, projections: [catalog] }), name, `${name}-a`, 2);
    const reader = createRowReader(table(), new GenerationsCache(table(), clock, 0, "reads"), catalog);
    expect(await reader.row(`${name}-a`, 2)).toMatchObject({ version: 2, row: { name: "n2" } });
    expect(await reader.checkpoint(`${name}-a`)).toBe(2);
    const later = () => new Date(Date.now() + 120_000);
    const settled = createRowReader(table(), new GenerationsCache(table(), later, 0, "reads"), catalog);
    expect(await settled.row(`${name}-a`)).toMatchObject({ version: 1 });
  });
});

describe("verify", () => {
  test.each(["evolve throws", "a row that cannot be stored"])(
    "reports a skipped event as such and goes on: %s",
    async (kind) => {
      const name = `verify-${kind.length}`;
      const projection: Projection = {
        name,
        kind: "row-per-entity",
        from: { [name]: ["ThingDone"] },
        evolve: (row, { eventData }) => {
          if (kind === "evolve throws" && eventData.bad) throw new Error("boom");
          const { n, x } = (row as { n: number; x: string } | undefined) ?? { n: 0, x: "" };
          return { n: n + 1, x: eventData.bad ? "x".repeat(500_000) : x };
        },
      };
      const events = [1, 2, 3].map((n) =>
        storedEvent({
          entityId: name,
          sequenceNumber: n,
          aggregateType: name,
          eventData: n === 2 ? { bad: true } : {},
        }),
      );
      await putEvents(engine.client, EVENTS, 3, (n) => events[n]!);
      const projector = openProjector(engine, { projections: [projection], parkAfter: 1 });
      await projector.project(batchOf(events));
      expect(await skipParked(projector, name, name)).toMatchObject([{ applied: 1, parked: false }]);
      const { store, eventTypes } = projector.context;
      expect(await verify({ store, table: table(), eventTypes }, projection, { name, number: 1 })).toMatchObject({
        differences: [],
        skipped: [{ entityId: name, sequenceNumber: 2 }],
        failed: [],
        behind: [],
        rows: 1,
      });
    },
  );

  test("tells of an event that was taken and cannot be taken any more, and goes on", async () => {
    const name = "verify-broken";
    const counting = (isBroken: boolean): Projection => ({
      name,
      kind: "row-per-event",
      from: { [name]: ["ThingDone"] },
      row: ({ sequenceNumber }) => {
        if (isBroken && sequenceNumber === 2) throw new Error("new bug");
        return { sequenceNumber };
      },
    });
    const events = [1, 2, 3].map((n) => storedEvent({ entityId: name, sequenceNumber: n, aggregateType: name }));
    await putEvents(engine.client, EVENTS, 3, (n) => events[n]!);
    const projector = open(counting(false));
    await projector.project(batchOf(events));
    const { store, eventTypes } = projector.context;
    const verified = await verify({ store, table: table(), eventTypes }, counting(true), { name, number: 1 });
    expect(verified.failed).toEqual([{ entityId: name, sequenceNumber: 2, error: "new bug" }]);
    expect(verified.differences).toMatchObject([{ expected: undefined, found: { sequenceNumber: 2 } }]);
  });
});
