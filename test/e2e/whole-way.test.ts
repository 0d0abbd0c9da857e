import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readPrices } from "../../scripts/demo/prices.ts";
import { runDemo } from "../../scripts/demo.ts";
import { localCredentials } from "../support/engine.ts";
import { call, newFolder, type RunningService, removeFolder, startService } from "../support/service.ts";
import { until } from "../support/until.ts";

const folder = newFolder();
let service: RunningService;
beforeAll(async () => {
  service = await startService(folder, {}, ["--verbose"]);
});
afterAll(async () => {
  await service?.interrupt();
  removeFolder(folder);
});

interface Delivered {
  readonly "detail-type": string;
  readonly detail: { readonly eventId: string; readonly entityId: string; readonly sequenceNumber: number };
}

/** A subscriber on this machine, with a rule that it puts with the AWS SDK. */
async function subscribe(bus: string): Promise<{ readonly events: Delivered[]; close(): void }> {
  const events: Delivered[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    events.push(JSON.parse(Buffer.concat(chunks).toString()));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new EventBridgeClient({ endpoint: bus, region: "eu-central-1", credentials: localCredentials });
  const EventPattern = JSON.stringify({ source: ["ProductService"], detail: { entityId: [{ prefix: "stock-" }] } });
  await client.send(new PutRuleCommand({ Name: "subscriber", EventBusName: "ProductService", EventPattern }));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const Targets = [{ Id: "1", Arn: url }];
  await client.send(new PutTargetsCommand({ Rule: "subscriber", EventBusName: "ProductService", Targets }));
  client.destroy();
  return { events, close: () => server.close() };
}

test("20 rows of the file go in as commands and come out as rows, history and events on the bus", async () => {
  const subscriber = await subscribe(service.bus);
  const first = await runDemo(service, readPrices(20));
  expect(first.isEqual).toBe(true);
  expect(first.rows).toEqual([
    {
      product: "stock-msft",
      sent: 20,
      changes: 19,
      version: 19,
      latestPrice: "23.21",
      historyRows: 19,
      snapshotVersion: "none",
      busEvents: 19,
    },
  ]);
  const seen = await until(
    () => (new Set(subscriber.events.map(({ detail }) => detail.eventId)).size === 19 ? subscriber.events : undefined),
    "19 events at the subscriber",
  );
  expect([...new Set(seen.map(({ detail }) => detail.sequenceNumber))].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 19 }, (_, n) => n + 1),
  );
  const again = await runDemo(service, readPrices(20));
  expect(again).toMatchObject({ stored: 0, isEqual: true });
  subscriber.close();
});

test("the read model behind the bus, its rule and its queue, has every event too", async () => {
  const rows = await until(async () => {
    const { body } = await call("GET", `${service.api}/users/demo/activity?limit=200`);
    return body.rows.length === 20 ? body.rows : undefined;
  }, "the activity of the demo");
  expect(rows.at(-1)).toMatchObject({ did: "CategoryCreated", entityId: "stocks" });
});

describe("wrong input at each door gets its problem document", () => {
  const price = { amount: 100, currency: "USD" };
  beforeAll(async () => {
    await call("POST", `${service.api}/products`, { productId: "p-1", name: "Tea", price });
  });

  test.each([
    ["bad JSON", "POST", "/products", "{bad", {}, 400, "Malformed JSON"],
    ["an unknown field", "POST", "/products", { name: "a", price, colour: "red" }, {}, 400, "colour"],
    [
      "a negative price",
      "POST",
      "/products/p-1/change-price",
      { price: { amount: -1, currency: "USD" } },
      {},
      400,
      "price.amount",
    ],
    ["an unknown product", "POST", "/products/nobody/change-price", { price }, {}, 404, "no product"],
    ["an unknown product, asked for", "GET", "/products/nobody", undefined, {}, 404, "no product nobody"],
    [
      "a stale If-Match",
      "POST",
      "/products/p-1/rename",
      { name: "b" },
      { "if-match": '"7"' },
      412,
      "version 7 and is at 1",
    ],
    ["a malformed If-Match", "POST", "/products/p-1/rename", { name: "b" }, { "if-match": "7" }, 400, "If-Match"],
    ["a product that exists", "POST", "/products", { productId: "p-1", name: "a", price }, {}, 422, "already exists"],
    ["a forged cursor", "GET", "/products?cursor=abc", undefined, {}, 400, "cursor"],
    ["an unknown sort", "GET", "/products?sort=colour", undefined, {}, 400, "sort"],
    ["an unknown route", "GET", "/nothing", undefined, {}, 404, "no GET /nothing"],
  ])("%s", async (_name, method, path, body, headers, status, detail) => {
    const before = service.output().length;
    const answer = await call(method, service.api + path, body, headers as Record<string, string>);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(answer.body).toMatchObject({
      status,
      type: expect.stringMatching(/^urn:/),
      title: expect.any(String),
      detail: expect.stringContaining(detail),
    });
    expect(answer.status).toBe(status);
    const correlationId = answer.headers.get("x-correlation-id");
    const line = `"correlationId":"${correlationId}"`;
    await until(() => (service.output().slice(before).includes(line) ? true : undefined), "the line in the log");
    const lines = service
      .output()
      .slice(before)
      .split("\n")
      .filter((text) => text.includes(line));
    expect(lines).toHaveLength(1);
    expect(service.output().slice(before)).not.toMatch(/\n\s+at /);
  });
});

test("versions travel in ETag and If-Match, repeats are recognised by Idempotency-Key", async () => {
  const { api } = service;
  const created = await call(
    "POST",
    `${api}/products`,
    { name: "Coffee", price: { amount: 500, currency: "EUR" } },
    { "x-correlation-id": "corr-1" },
  );
  expect([created.status, created.headers.get("etag"), created.headers.get("x-correlation-id")]).toEqual([
    201,
    '"1"',
    "corr-1",
  ]);
  const path = `${api}${created.headers.get("location")}`;
  const headers = { "if-match": '"1"', "idempotency-key": "k-1", "x-user-id": "ann" };
  const changed = await call("POST", `${path}/change-price`, { price: { amount: 600, currency: "EUR" } }, headers);
  expect([changed.status, changed.headers.get("etag"), changed.body.events]).toEqual([200, '"2"', ["PriceUpdated"]]);
  const again = await call("POST", `${path}/change-price`, { price: { amount: 600, currency: "EUR" } }, headers);
  expect([again.status, again.headers.get("etag"), again.body]).toEqual([
    200,
    '"2"',
    expect.objectContaining({ version: 2, repeated: true }),
  ]);
  const reused = await call(
    "POST",
    `${path}/change-price`,
    { price: { amount: 700, currency: "EUR" } },
    { "idempotency-key": "k-1", "x-user-id": "ann" },
  );
  expect(reused.status).toBe(422);
  const read = await call("GET", `${path}?atLeastVersion=2`);
  expect([read.status, read.headers.get("etag"), read.body.price.amount]).toEqual([200, '"2"', 600]);
  expect((await call("GET", path, undefined, { "if-none-match": '"2"' })).status).toBe(304);
  const events = await call("GET", `${api}/entities/${created.body.entityId}/events?from=2&to=2`);
  expect(events.body.events).toMatchObject([
    { sequenceNumber: 2, eventType: "PriceUpdated", userId: "ann", correlationId: expect.any(String) },
  ]);
  const openapi = await call("GET", `${api}/openapi.json`);
  expect(Object.keys(openapi.body.paths)).toEqual(
    expect.arrayContaining(["/products", "/products/{id}/change-price", "/entities/{id}/events"]),
  );
});
