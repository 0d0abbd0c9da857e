import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { openStore } from "../../support/store.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
  await openStore(engine).appendEvent("Product", "tea", "ProductDiscontinued", {}, "ann", "c-1", 0);
});
afterAll(() => engine.stop());

function run(args: string, more: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "scripts/projections.ts", ...args.split(" ").filter((word) => word !== "")],
    {
      encoding: "utf8",
      env: {
        PATH: process.env.PATH,
        TABLE_PREFIX: "ProductService",
        AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
        AWS_ACCESS_KEY_ID: "local",
        AWS_SECRET_ACCESS_KEY: "local",
        AWS_REGION: "eu-central-1",
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
        ...more,
      },
    },
  );
  return { status, said: stdout + stderr };
}

test.each([
  ["", "expected a command, got none"],
  ["statsu", "expected a command, got statsu"],
  ["status now", "status: expected nothing more, got now"],
  ["rebuild product-catalog --capcity 5", "Unknown option '--capcity'"],
  ["verify product-catalog --capacity 5", "verify: --capacity is for rebuild"],
  ["retry publisher", "retry: expected NAME AND ENTITY, got publisher"],
])("'%s' is refused with the usage", (args, message) => {
  const { status, said } = run(args);
  expect([status, said]).toEqual([2, expect.stringContaining(message)]);
  expect(said).toContain("usage: npm run projections");
});

test.each([
  ["rebuild product-catalog --capacity none", "--capacity: expected a number above 0, got none"],
  ["drop product-catalog first", "GENERATION: expected a whole number from 1, got first"],
  ["parked catalog", "projection: expected one of product-catalog,"],
  ["show product-catalog tea", "tea is not parked in product-catalog"],
  ["skip publisher tea", "tea is not parked in the publisher"],
])("'%s' tells what was expected", (args, message) => {
  expect(run(args)).toEqual({ status: 1, said: expect.stringContaining(message) });
});

test("a number of shards that is none is named", () => {
  expect(run("status", { INDEX_SHARDS: "many" }).said).toContain(
    "INDEX_SHARDS: expected a whole number from 1 to 100, got many",
  );
});

test("commands that find nothing say so, and what waits is told", () => {
  expect(run("parked publisher")).toEqual({ status: 0, said: "0 parked\n" });
  expect(run("unpublished").said).toContain("tea is published up to 0 of 1\n1 entities");
  expect(run("mark-published").said).toContain("1 entities marked");
  expect(run("unpublished")).toEqual({ status: 0, said: "0 entities\n" });
});
