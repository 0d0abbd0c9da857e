import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { measure, type Side } from "../../../scripts/bench/measure.ts";
import { median, percentile } from "../../../scripts/bench/statistics.ts";

/** A side whose rounds are of so many operations, and write down when they begin. */
function side(name: string, seen: string[], operate: () => Promise<unknown> = () => pause(2)): Side {
  return { name, operations: 4, concurrency: 2, prepare: async () => seen.push(name), operate };
}

test("after the warm-up the rounds of the sides are interleaved", async () => {
  const seen: string[] = [];
  await measure([side("a", seen), side("b", seen)], { rounds: 3 });
  expect(seen.slice(-6)).toEqual(["a", "b", "a", "b", "a", "b"]);
  expect(seen.length).toBeGreaterThanOrEqual(10);
});

test("a warm-up ends although the rate never gets steady, and says so", async () => {
  const seen: string[] = [];
  let windows = 0;
  const unsteady: Side = {
    ...side("a", seen, () => pause(windows % 2 === 0 ? 1 : 20)),
    prepare: async () => {
      windows += 1;
    },
  };
  const [measured] = await measure([unsteady], { rounds: 1 });
  expect(measured?.isSteady).toBe(false);
});

test("requests and the engine's CPU are those of the rounds, by operation", async () => {
  let requests = 0;
  let engine = 0;
  const operate = async () => {
    requests += 3;
    engine += 500;
    await pause(1);
  };
  const takeRequests = () => {
    const taken = requests;
    requests = 0;
    return taken;
  };
  const sides = [{ ...side("a", []), operate, takeRequests }];
  const [measured] = await measure(sides, { rounds: 2, engineCpuMicros: () => engine });
  expect(measured).toMatchObject({ side: "a", operations: 8, requestsPerOp: 3, engineMicrosPerOp: 500 });
  expect(measured?.opsPerSecond).toBeGreaterThanOrEqual(measured?.min ?? Number.NaN);
  expect(measured?.opsPerSecond).toBeLessThanOrEqual(measured?.max ?? Number.NaN);
  expect(measured?.p50Ms).toBeGreaterThan(0);
});

test("a round that did not do its work ends the measurement", async () => {
  const verify = () => Promise.reject(new Error("one command is lost"));
  await expect(measure([{ ...side("a", []), verify }], { rounds: 1 })).rejects.toThrow("one command is lost");
});

test("where failures are taken, a side that fails is left out and the others go on", async () => {
  const failures: string[] = [];
  const failing = side("failing", [], () => Promise.reject(new Error("no such table")));
  const onFailure = ({ name }: Side, error: unknown) => failures.push(`${name}: ${error}`);
  const measured = await measure([failing, side("a", [])], { rounds: 2, onFailure });
  expect(measured.map(({ side }) => side)).toEqual(["a"]);
  expect(failures).toEqual(["failing: Error: no such table"]);
});

test("median and percentiles", () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  const hundred = Array.from({ length: 100 }, (_, n) => n + 1);
  expect([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile([7], 0.99)]).toEqual([50, 99, 7]);
});
