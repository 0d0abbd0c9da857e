import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ALL_OPTIONS } from "../../scripts/package.ts";
import { call, newFolder, type RunningService, removeFolder, startService } from "../support/service.ts";
import { until } from "../support/until.ts";

const folder = newFolder();
let service: RunningService;
beforeAll(async () => {
  const args = Object.entries(ALL_OPTIONS).flatMap(([name, value]) => ["--param", `${name}=${value}`]);
  service = await startService(folder, {}, args);
});
afterAll(async () => {
  await service?.interrupt();
  removeFolder(folder);
});

test("with every option of a stage on, a fact goes the whole way and the sharded indexes answer", async () => {
  const price = { amount: 450, currency: "EUR" };
  for (const productId of ["tea", "coffee", "cocoa"]) {
    const { status } = await call(
      "POST",
      `${service.api}/products`,
      { productId, name: productId, price },
      { "x-user-id": "ann" },
    );
    expect(status).toBe(201);
  }
  const { body } = await call("GET", `${service.api}/products/tea?atLeastVersion=1`);
  expect(body).toMatchObject({ productId: "tea", price });
  const rows = await until(async () => {
    const answer = await call("GET", `${service.api}/users/ann/activity`);
    return answer.body.rows.length === 3 ? answer.body.rows : undefined;
  }, "the activity of ann");
  expect(rows.map(({ entityId }: { entityId: string }) => entityId).sort()).toEqual(["cocoa", "coffee", "tea"]);
  const projections = await until(async () => {
    const answer = await call("GET", `${service.api}/projections`);
    const behind = answer.body.projections.map(({ eventsBehind }: { eventsBehind: number }) => eventsBehind);
    return behind.every((count: number) => count === 0) ? answer.body.projections : undefined;
  }, "nothing to be behind");
  expect(projections.length).toBeGreaterThan(3);
});

test("tables that were made with shards are not run without them", async () => {
  const other = newFolder();
  const sharded = await startService(other, {}, ["--param", "indexShards=2"]);
  await sharded.interrupt();
  await expect(startService(other)).rejects.toThrow(/ProductService-Events was made with other index keys .*--fresh/);
  const again = await startService(other, {}, ["--param", "indexShards=4"]);
  expect((await call("GET", `${again.api}/projections`)).status).toBe(200);
  await again.interrupt();
  removeFolder(other);
});

test("an argument that is not known is refused with what there is", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/start.mjs", "--frehs"], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toContain("'--frehs'");
  expect(stderr).toContain("npm start -- [--fresh] [--verbose] [--param NAME=VALUE ...]");
});
