import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { builtScript } from "../../support/built-script.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { openStore } from "../../support/store.ts";

const scripts: Readonly<Record<string, readonly string[]>> = {
  projections: [builtScript("projections")],
  "copy-events": [builtScript("copy-events")],
  demo: ["--import", "tsx", "scripts/demo.ts"],
};

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
  await openStore(engine).appendEvent("Product", "tea", "ProductDiscontinued", {}, "ann", "c-1", 0);
});
afterAll(() => engine.stop());

function run(args: string, more: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...(scripts.projections ?? []), ...args.split(" ").filter((word) => word !== "")],
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
  ["status --yes", "status: --yes is for what asks"],
  ["retry publisher", "retry: expected NAME AND ENTITY, got publisher"],
])("'%s' is refused with the usage", (args, message) => {
  const { status, said } = run(args);
  expect([status, said]).toEqual([2, expect.stringContaining(message)]);
  expect(said).toContain("usage: npm run projections");
});

test.each([
  ["rebuild product-catalog --capacity none", "--capacity: expected a number above 0, got none"],
  ["drop product-catalog first --yes", "GENERATION: expected an integer of at least 1, got first"],
  ["parked catalog", "projection: expected one of product-catalog,"],
  ["show product-catalog tea", "tea is not parked in product-catalog"],
  ["skip publisher tea --yes", "tea is not parked in the publisher"],
])("'%s' tells what was expected", (args, message) => {
  expect(run(args)).toEqual({ status: 1, said: expect.stringContaining(message) });
});

test.each([
  ["drop product-catalog 1", "All rows of generation 1 of product-catalog are removed."],
  ["rollback product-catalog", "Readers of product-catalog are served the generation before"],
  ["skip publisher tea", "The event that publisher waits at is never taken for tea."],
  ["mark-published", "What is stored by now and is not on the bus is never published."],
])("'%s' does nothing where nobody can be asked", (args, message) => {
  const { status, said } = run(args);
  expect([status, said]).toEqual([1, expect.stringContaining(message)]);
  expect(said).toContain("--yes");
});

describe("without TABLE_PREFIX", () => {
  const folder = mkdtempSync(join(tmpdir(), "streamfold-run-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const local = (script: string, ...args: string[]) => {
    const env = { PATH: process.env.PATH, STREAMFOLD_DATA: folder };
    const { status, stderr } = spawnSync(process.execPath, [...(scripts[script] ?? []), ...args], {
      encoding: "utf8",
      env,
    });
    return { status, said: stderr };
  };

  test.each([
    ["projections", ["status"]],
    ["copy-events", ["A-Events", "B-Events"]],
    ["demo", []],
  ])("%s says what to do when no service runs, and when one ended without a word", (script, args) => {
    rmSync(join(folder, "run.json"), { force: true });
    expect(local(script, ...args)).toEqual({
      status: 1,
      said: expect.stringMatching(/no service is running here.*npm start/),
    });
    const ended = { pid: 2 ** 22 - 1, bus: "http://127.0.0.1:9", engine: "http://127.0.0.1:9" };
    writeFileSync(join(folder, "run.json"), JSON.stringify(ended));
    const { said } = local(script, ...args);
    expect(said).toMatch(/ended without a word; start it with "npm start"/);
    expect(said).not.toContain("ECONNREFUSED");
    writeFileSync(join(folder, "run.json"), "{");
    expect(local(script, ...args).said).toMatch(/run.json is damaged .*delete it/);
  });
});

test("a number of shards that is none is named", () => {
  expect(run("status", { INDEX_SHARDS: "many" }).said).toContain(
    "INDEX_SHARDS: expected an integer from 1 to 100, got many",
  );
});

test("commands that find nothing say so, and what waits is told", () => {
  expect(run("parked publisher")).toEqual({ status: 0, said: "0 parked\n" });
  expect(run("unpublished").said).toContain("tea is published up to 0 of 1\n1 entities");
  expect(run("mark-published --yes").said).toContain("1 entities marked");
  expect(run("unpublished")).toEqual({ status: 0, said: "0 entities\n" });
});
