import { describe, expect, test } from "@jest/globals";
import { AWS, KNOBS } from "../../../scripts/simulate/model.ts";
import { chapters, KNOB_OF } from "../../../scripts/simulate/report.ts";
import { type Setting, simulate } from "../../../scripts/simulate/simulate.ts";

/** One aggregate type, many users, an API that lets everything in, lists that do not matter. */
const bare = (setting: Setting = {}): Setting => ({
  workload: { topType: 1, topUser: 0.0001, seconds: 60, ...setting.workload },
  knobs: { throttleRate: 1e6, concurrency: 1e6, invocations: 1e6, ...setting.knobs },
  assumptions: { listUnits: 0.001, ...setting.assumptions },
});

describe("the write side", () => {
  test("tops out at 1,000 events a second and aggregate type, for the index throttles the table", () => {
    const { taken, refused, limits } = simulate(bare({ workload: { rate: 3_000 } }));
    expect(taken).toBeCloseTo(AWS.partitionWrites, 5);
    expect(refused["EventTypeIndex partition"]).toBeCloseTo(2_000, 5);
    expect(limits[0]).toBe("EventTypeIndex partition");
  });

  test("takes it all when the index is spread over shards", () => {
    const { taken, limits, busiest } = simulate(bare({ workload: { rate: 3_000 }, knobs: { indexShards: 8 } }));
    expect(taken).toBeCloseTo(3_000, 5);
    expect(busiest.typePartition).toBeLessThan(600);
    expect(limits).not.toContain("EventTypeIndex partition");
  });

  test("is held up by a user who writes most of it, until that user is spread too", () => {
    const workload = { rate: 1_500, topType: 0.5, topUser: 0.9 };
    expect(simulate(bare({ workload })).limits).toContain("UserActionIndex partition");
    expect(simulate(bare({ workload, knobs: { indexShards: 4 } })).taken).toBeCloseTo(1_500, 5);
  });

  test("one entity takes 1,000 units, whatever is turned", () => {
    const workload = { rate: 5_000, entities: 1, eventBytes: 2_048 };
    const { taken, limits } = simulate(bare({ workload, knobs: { indexShards: 50 } }));
    expect(taken).toBeCloseTo(500, 5);
    expect(limits).toContain("entity");
  });

  test("a table that is new has four partitions", () => {
    const { taken, limits } = simulate(bare({ workload: { rate: 8_000 }, knobs: { indexShards: 50, partitions: 4 } }));
    expect(taken).toBeLessThanOrEqual(4_000);
    expect(limits).toContain("table partition");
  });

  test("the API lets in what it is told to", () => {
    const { taken, refused } = simulate({
      ...bare(),
      workload: { rate: 2_500 },
      knobs: { throttleRate: KNOBS.throttleRate },
    });
    expect(taken).toBeCloseTo(1_000, 5);
    expect(refused["API throttle"]).toBeCloseTo(1_500, 5);
  });
});

describe("the readers", () => {
  const workload = { rate: 5_000 };
  const slow = { publishEventMs: 5 };

  test("fall behind when a shard brings more than they work off, and no more with a larger factor", () => {
    const one = simulate(bare({ workload, knobs: { indexShards: 50 }, assumptions: slow }));
    expect(one.busBehind).toBeGreaterThan(30);
    expect(one.limits).toContain("publisher");
    const ten = simulate(bare({ workload, knobs: { indexShards: 50, parallelizationFactor: 10 }, assumptions: slow }));
    expect(ten.busBehind).toBe(0);
    expect(ten.concurrency).toBeGreaterThan(one.concurrency);
  });

  test("a list with one partition for all rows holds up its read models and nothing else", () => {
    const { readModelsBehind, busBehind, taken, limits } = simulate(
      bare({ workload: { rate: 800 }, assumptions: { listUnits: 2 } }),
    );
    expect({ taken: Math.round(taken), busBehind, limits }).toEqual({
      taken: 800,
      busBehind: 0,
      limits: ["list partition"],
    });
    expect(readModelsBehind).toBeCloseTo((60 * (800 - 500)) / 800, 0);
  });

  test("share the account's concurrency with the API", () => {
    const { limits } = simulate(bare({ workload, knobs: { indexShards: 50, concurrency: 102 } }));
    expect(limits).toContain("Lambda concurrency");
  });

  test("the bus delivers no faster than its quota", () => {
    const { deliveriesBehind } = simulate(bare({ workload: { rate: 1_000 }, knobs: { invocations: 500 } }));
    expect(deliveriesBehind).toBeCloseTo(60, 0);
  });
});

test("whatever holds something up in the report has its knob", () => {
  const named = chapters({ workload: { entities: 500, seconds: 60 } }).flatMap(({ rows }) =>
    rows.flatMap((row) => row["held up by"].split(", ")),
  );
  for (const place of named.filter((one) => one !== "nothing")) expect(KNOB_OF).toHaveProperty([place]);
  expect(new Set(named).size).toBeGreaterThan(4);
});

test("with a knob or a rate given it is that setting that is shown, under its name", () => {
  const [chapter, ...others] = chapters({ knobs: { indexShards: 8 }, workload: { rate: 3_000, entities: 100 } });
  expect(others).toEqual([]);
  expect(chapter).toMatchObject({ title: "indexShards=8", rows: [{ "events/s": 3_000 }] });
});
