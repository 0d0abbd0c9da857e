import { expect, test } from "@jest/globals";
import { measureAppends } from "../../../scripts/bench/append.ts";
import { measureContention } from "../../../scripts/bench/contend.ts";
import { measureLoads } from "../../../scripts/bench/load.ts";

const SHORT = { rounds: 1, roundMs: 20 };

test("every append with a known version is one request", async () => {
  const measured = await measureAppends(SHORT);
  expect(measured).toHaveLength(12);
  expect(measured.filter(({ requestsPerOp }) => requestsPerOp !== 1)).toEqual([]);
});

test("a load with a snapshot is two requests at once, one from the cache is one", async () => {
  const measured = await measureLoads(SHORT);
  const requests = measured.map(({ side, requestsPerOp }) => [side, requestsPerOp]);
  expect(requests.filter(([side]) => !String(side).startsWith("no snapshot"))).toEqual([
    ["snapshot at 900, cold: map", 2],
    ["cached: map", 1],
    ["snapshot at 900, cold: json", 2],
    ["cached: json", 1],
  ]);
});

test("16 writers on one entity lose nothing", async () => {
  const measured = await measureContention(SHORT, 32);
  expect(measured.map(({ side, operations }) => [side, operations])).toEqual([
    ["ours, map", 32],
    ["ours, json", 32],
    ["naive, map", 32],
  ]);
});
