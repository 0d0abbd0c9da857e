import { existsSync } from "node:fs";
import { join } from "node:path";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, expect, test } from "@jest/globals";
import { readPrices } from "../../scripts/demo/prices.ts";
import { runDemo } from "../../scripts/demo.ts";
import { isAlive, startEngine } from "../../src/local/engine.ts";
import { freePort } from "../../src/local/ports.ts";
import { call, enginePid, newFolder, type RunningService, removeFolder, startService } from "../support/service.ts";

const folder = newFolder();
let service: RunningService | undefined;
afterAll(async () => {
  await service?.interrupt();
  removeFolder(folder);
});

test("a service killed in the middle of the demo loses nothing and doubles nothing", async () => {
  const killed = await startService(folder);
  let ticks = 0;
  let death: Promise<void> | undefined;
  const demo = runDemo(killed, readPrices(), () => {
    ticks += 1;
    if (ticks === 200) death = killed.kill();
  });
  await expect(demo).rejects.toThrow();
  await death;
  const engineLeft = enginePid(folder);

  service = await startService(folder);
  expect(service.output()).toContain("ended the engine that a killed run had left");
  expect(isAlive(engineLeft)).toBe(false);
  const { rows, isEqual, stored } = await runDemo(service, readPrices());
  expect({
    isEqual,
    rows: rows.map(({ product, version, historyRows, busEvents }) => [product, version, historyRows, busEvents]),
  }).toEqual({
    isEqual: true,
    rows: [
      ["stock-msft", 122, 122, 122],
      ["stock-amzn", 123, 123, 123],
      ["stock-ibm", 123, 123, 123],
      ["stock-goog", 68, 68, 68],
      ["stock-aapl", 123, 123, 123],
    ],
  });
  expect(stored).toBeLessThan(559 - 150);
  const events = await call("GET", `${service.api}/entities/stock-msft/events?limit=1000`);
  const numbers = events.body.events.map(({ sequenceNumber }: { sequenceNumber: number }) => sequenceNumber);
  expect(numbers).toEqual(Array.from({ length: 122 }, (_, n) => n + 1));
});

test("a second run on the same folder is refused with what to do", async () => {
  const refused = await startService(folder).catch((error: Error) => error.message);
  expect(refused).toMatch(/running already/);
  expect(refused).not.toMatch(/\n\s+at .*offline/);
});

test("with an endpoint given, that engine is used and none is started; the sweep runs when it is asked for", async () => {
  const engine = await startEngine({ port: await freePort() });
  const other = newFolder();
  const guest = await startService(other, { AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint });
  const body = { productId: "p-1", name: "Tea", price: { amount: 1, currency: "USD" } };
  expect((await call("POST", `${guest.api}/products`, body)).status).toBe(201);
  expect(existsSync(join(other, "engine.pid"))).toBe(false);
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new DynamoDBClient({ endpoint: engine.endpoint, region: "eu-central-1", credentials });
  const { TableNames } = await client.send(new ListTablesCommand({}));
  expect(TableNames).toEqual(
    expect.arrayContaining(["ProductService-Events", "ProductService-Snapshots", "ProductService-ReadModels"]),
  );
  const url = `${guest.lambda}/2015-03-31/functions/ProductService-local-snapshotter/invocations`;
  const swept = await fetch(url, { method: "POST", body: JSON.stringify({ sweep: true }) });
  expect(swept.ok).toBe(true);
  const snapshot = await call("GET", `${guest.api}/entities/p-1/snapshots`);
  expect(snapshot.body).toMatchObject({ version: 1, snapshotData: { name: "Tea" } });
  client.destroy();
  await guest.interrupt();
  await engine.stop();
  removeFolder(other);
});
