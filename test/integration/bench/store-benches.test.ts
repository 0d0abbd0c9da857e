import { expect, test } from "@jest/globals";
import { measureAppends } from "../../../scripts/bench/append.ts";
import { measureContention } from "../../../scripts/bench/contend.ts";

const SHORT = { rounds: 1, roundMs: 20 };

test("every append with a known version is one request", async () => {
  const measured = await measureAppends(SHORT);
  expect(measured).toHaveLength(12);
  expect(measured.filter(({ requestsPerOp }) => requestsPerOp !== 1)).toEqual([]);
});

test("16 writers on one entity lose nothing", async () => {
  const measured = await measureContention(SHORT, 32);
  expect(measured.map(({ side, operations }) => [side, operations])).toEqual([
    ["ours, map", 32],
    ["ours, json", 32],
    ["naive, map", 32],
  ]);
});
