import { expect, test } from "@jest/globals";
import { measureCosts } from "../../../scripts/bench/cost.ts";
import { measurePrice } from "../../../scripts/bench/price.ts";
import { measureProjecting } from "../../../scripts/bench/project.ts";
import { productService } from "../../../src/product/service.ts";

const { projections } = productService;

test("requests and capacity units of every operation of the store", async () => {
  const rows = await measureCosts();
  expect(
    rows.map(({ operation, requests, writeUnits, readUnits }) => [operation, requests, writeUnits, readUnits]),
  ).toEqual([
    ["append 1, new entity", 1, 3, 0],
    ["append 1, version known", 1, 3, 0],
    ["append 1, version unknown", 2, 3, 1],
    ["append 10, all or none", 1, 40, 0],
    ["load 1,000 events", 1, 0, 184],
    ["command, state cached", 1, 3, 0],
    ["command, cold, 100 events, no snapshot", 3, 3, expect.any(Number)],
    ["command, cold, with a snapshot and an Idempotency-Key", 4, 3, expect.any(Number)],
  ]);
});

test("a million commands are priced part by part, by what was measured", async () => {
  const rows = await measurePrice(1);
  const total = rows.at(-1);
  expect(rows.find(({ part }) => part === "append")).toEqual({ part: "append", amount: "3 WCU, 0 RCU", dollars: 1.88 });
  expect(rows.filter(({ part }) => part.startsWith("read model"))).toHaveLength(projections.length);
  expect(total?.dollars).toBeCloseTo(
    rows.slice(0, -1).reduce((sum, { dollars }) => sum + dollars, 0),
    1,
  );
});

test("in catch-up, 100 events of one entity cost one row write", async () => {
  const rows = await measureProjecting(projections.filter(({ kind }) => kind !== "rows-across-entities"));
  const costs = rows
    .filter(({ batch }) => batch !== "1 event of 100 entities")
    .map(({ projection, batch, operations, writeUnits }) => [projection, batch, operations, writeUnits]);
  expect(costs).toEqual([
    ["product-catalog", "1 event", "1 BatchGetItem, 1 PutItem", 5],
    ["product-catalog", "100 events of one entity", "1 BatchGetItem, 1 PutItem", 5],
    ["product-price-history", "1 event", "1 BatchGetItem, 1 BatchWriteItem, 1 PutItem", 2],
    ["product-price-history", "100 events of one entity", "1 BatchGetItem, 4 BatchWriteItem, 1 PutItem", 101],
    ["user-activity", "1 event", "1 BatchGetItem, 1 BatchWriteItem, 1 PutItem", 3],
    ["user-activity", "100 events of one entity", "1 BatchGetItem, 4 BatchWriteItem, 1 PutItem", 201],
  ]);
});
