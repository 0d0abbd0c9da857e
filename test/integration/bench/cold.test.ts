import { expect, test } from "@jest/globals";
import { measureColdStarts } from "../../../scripts/bench/cold.ts";
import { handlers } from "../../../src/local/build.mjs";

test("every handler starts cold out of its bundle, does its work, and is told what took its time", async () => {
  const rows = await measureColdStarts(2);
  expect(rows.map(({ handler }) => handler)).toEqual(handlers);
  for (const { load, first, total, dominatedBy } of rows) {
    expect(Math.min(load, first)).toBeGreaterThan(0);
    expect(total).toBeGreaterThan(load);
    expect(dominatedBy).not.toBe("");
  }
});
