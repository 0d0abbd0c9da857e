import { expect, test } from "@jest/globals";
import type { Measured } from "../../../scripts/bench/measure.ts";
import { parseBenchArgs, UsageError } from "../../../scripts/bench/options.ts";
import { peerSections } from "../../../scripts/bench/peers/table.ts";
import { provenanceOf } from "../../../scripts/bench/report.ts";

test("flags of the bench", () => {
  expect(parseBenchArgs(["append"])).toEqual({ name: "append", options: { json: false, rounds: 5 } });
  expect(parseBenchArgs(["load", "--json", "--rounds", "2"]).options).toEqual({ json: true, rounds: 2 });
  for (const args of [
    ["load", "--rounds", "0"],
    ["load", "--fast"],
    ["load", "more"],
  ])
    expect(() => parseBenchArgs(args)).toThrow(UsageError);
});

test("a report says where it was measured, with what, and at which commit", () => {
  const { machine, versions, commit } = provenanceOf();
  expect(machine).toMatch(/^\d+ × .+, Node \d+\.\d+/);
  expect(Object.keys(versions)[0]).toBe("@aws-sdk/client-dynamodb");
  expect(commit).toMatch(/^([0-9a-f]{7,}\+?|unknown)$/);
});

const measured = (side: string, opsPerSecond: number): Measured => ({
  side,
  opsPerSecond,
  min: opsPerSecond,
  max: opsPerSecond,
  p50Ms: 1_000 / opsPerSecond,
  p99Ms: 1_000 / opsPerSecond,
  requestsPerOp: 1,
  clientMicrosPerOp: 1,
  engineMicrosPerOp: undefined,
  operations: 1,
  isSteady: true,
});

test("ours is compared with the fastest other store of each work", () => {
  const work = { work: "append 1", measured: [measured("ours", 300), measured("slow", 100), measured("quick", 200)] };
  const [rates] = peerSections([work], { stores: ["ours", "slow", "quick", "absent"], ours: ["ours"], notes: [] });
  expect(rates?.rows).toEqual([
    {
      work: "append 1",
      ours: "300 · 3.33",
      slow: "100 · 10",
      quick: "200 · 5",
      absent: "–",
      "best peer": "quick",
      "ours / best": 1.5,
    },
  ]);
});
