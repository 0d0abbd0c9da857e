import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Browser } from "playwright-core";
import { isAlive } from "../../src/local/engine.ts";
import { launchBrowser } from "../support/browser.ts";
import { GARBAGE, sendRaw } from "../support/raw-http.ts";
import {
  anyPort,
  call,
  enginePid,
  newFolder,
  type RunningService,
  removeFolder,
  startService,
} from "../support/service.ts";
import { until } from "../support/until.ts";

const folder = newFolder();
let service: RunningService;
beforeAll(async () => {
  service = await startService(folder);
});
afterAll(async () => {
  await service?.interrupt();
  removeFolder(folder);
});

const doors = (): [name: string, endpoint: string][] =>
  (["api", "console", "bus", "engine", "lambda"] as const).map((name) => [name, service[name]]);

/** A command goes through to its row: all of the service works. */
async function expectAlive(productId: string): Promise<void> {
  const body = { productId, name: "Tea", price: { amount: 1, currency: "USD" } };
  expect(await call("POST", `${service.api}/products`, body)).toMatchObject({ status: 201 });
  await until(
    async () => ((await call("GET", `${service.api}/products/${productId}`)).status === 200 ? true : undefined),
    "the row",
  );
  expect((await fetch(service.console)).status).toBe(200);
  expect((await fetch(`${service.bus}/rules`)).status).toBe(200);
}

test.each(["api", "console", "bus", "engine", "lambda"] as const)(
  "no garbage at the port of the %s ends anything",
  async (name) => {
    const answers: string[] = [];
    for (const [what, bytes] of GARBAGE) answers.push(`${what}: ${await sendRaw(service[name], bytes, 300)}`);
    expect(answers.filter((answer) => / 5\d\d /.test(answer))).toEqual([]);
    await expectAlive(`after-garbage-${name}`);
  },
  60_000,
);

test("slow and huge bodies end nothing", async () => {
  const open = doors().map(([, endpoint]) =>
    sendRaw(
      endpoint,
      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: AWSEvents.PutEvents\r\nContent-Length: 50\r\n\r\n{",
      3_000,
    ),
  );
  const huge = "x".repeat(20 * 1024 * 1024);
  const statuses = await Promise.all(
    doors().map(async ([name, endpoint]) => {
      const headers = { "x-amz-target": "AWSEvents.PutEvents", "content-type": "application/json" };
      return [
        name,
        await fetch(endpoint, { method: "POST", headers, body: huge }).then(
          ({ status }) => status,
          () => "closed",
        ),
      ];
    }),
  );
  await expectAlive("after-huge");
  expect(statuses.filter(([, status]) => typeof status === "number" && status >= 500)).toEqual([]);
  await Promise.all(open);
}, 60_000);

describe("a page of another origin", () => {
  let elsewhere: Server;
  let browser: Browser;
  beforeAll(async () => {
    elsewhere = createServer((_request, response) =>
      response.writeHead(200, { "content-type": "text/html" }).end("<p>hi"),
    );
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    browser = await launchBrowser(["--host-resolver-rules=MAP evil.example 127.0.0.1"]);
  });
  afterAll(async () => {
    await browser?.close();
    elsewhere?.close();
    elsewhere?.closeAllConnections();
  });

  test("reads nothing and changes nothing, by any address of this machine", async () => {
    const page = await browser.newPage();
    await page.goto(`http://evil.example:${(elsewhere.address() as AddressInfo).port}/`);
    const before = await call("GET", `${service.api}/products`);
    const targets = [
      [`${service.api}/products`, '{"productId":"evil","name":"x","price":{"amount":1,"currency":"USD"}}'],
      [`${service.console}/api/products`, '{"productId":"evil","name":"x","price":{"amount":1,"currency":"USD"}}'],
      [`${service.bus}/replay`, '{"bus":"ProductService","fromTime":"2020-01-01"}'],
      [`${service.bus}/faults`, '{"refuseEvery":1}'],
      [`${service.lambda}/2015-03-31/functions/ProductService-local-snapshotter/invocations`, '{"sweep":true}'],
      [service.engine, '{"TableName":"ProductService-Events"}'],
    ];
    const tried = await page.evaluate(async (all: string[][]) => {
      const outcomes: string[] = [];
      for (const [url, body] of all)
        for (const options of [
          { method: "GET" },
          { method: "POST", body, mode: "no-cors" },
          {
            method: "POST",
            body,
            headers: { "content-type": "application/json", "x-amz-target": "DynamoDB_20120810.Scan" },
          },
          { method: "POST", body, credentials: "include" },
          { method: "DELETE" },
        ])
          outcomes.push(
            await fetch(String(url), options as RequestInit).then(
              async (answer) => `${answer.type} ${answer.status} ${await answer.text()}`.trim(),
              () => "refused",
            ),
          );
      return outcomes;
    }, targets);
    expect([...new Set(tried)].sort()).toEqual(["opaque 0", "refused"]);
    expect((await call("GET", `${service.api}/products`)).body).toEqual(before.body);
    await expectAlive("after-page");
  }, 60_000);

  test("that calls this machine by a name of its own is refused", async () => {
    const page = await browser.newPage();
    const statuses: [string, number | undefined][] = [];
    for (const [name, endpoint] of doors()) {
      const { port } = new URL(endpoint);
      statuses.push([name, (await page.goto(`http://evil.example:${port}/`))?.status()]);
    }
    expect(statuses.map(([, status]) => status)).toEqual([403, 403, 403, 403, 403]);
  });
});

test("the engine killed, and one that dies of a request: the service says so and goes on with all data", async () => {
  await expectAlive("before-kill");
  process.kill(enginePid(folder), "SIGKILL");
  await until(() => (/SIGKILL\); it was started again/.test(service.output()) ? true : undefined), "the engine");
  await expectAlive("after-kill");
  const client = new DynamoDBClient({
    endpoint: service.engine,
    region: "eu-central-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
  const Key = { entityId: { S: "x" }, snapshotTime: { S: "1" } };
  const deadly = {
    TableName: "ProductService-Snapshots",
    Key,
    UpdateExpression: "SET € = :a",
    ExpressionAttributeValues: { ":a": { S: "x" } },
  };
  for (let n = 0; n < 3; n += 1) await expect(client.send(new UpdateItemCommand(deadly))).rejects.toThrow();
  client.destroy();
  await expectAlive("after-euro");
  expect((await call("GET", `${service.api}/products/before-kill`)).status).toBe(200);
}, 60_000);

test("a command is one line, what reads is none, and the functions' chatter is quiet", async () => {
  await until(async () => (await call("GET", `${service.api}/products/after-euro`)).status === 200, "the row");
  const before = service.output().length;
  await call("POST", `${service.api}/products/after-euro/change-price`, { price: { amount: 2, currency: "USD" } });
  await until(
    async () => ((await call("GET", `${service.api}/products/after-euro`)).body.price.amount === 2 ? true : undefined),
    "the row",
  );
  await call("GET", `${service.api}/products/nothing`);
  const lines = service.output().slice(before).trim().split("\n");
  expect(lines).toEqual([expect.stringMatching(/^POST \/products\/after-euro\/change-price 200 \d+ ms$/)]);
});

describe("npm's process", () => {
  test.each(["SIGTERM", "SIGKILL"] as const)(
    "ended by %s, everything that it started ends",
    async (signal) => {
      const other = newFolder();
      const npm = spawn("npm", ["start"], {
        env: { ...process.env, NODE_OPTIONS: "", ...anyPort, STREAMFOLD_DATA: other },
        stdio: "ignore",
      });
      const runFile = join(other, "run.json");
      await until(() => (existsSync(runFile) ? true : undefined), "the service");
      const pids = [(JSON.parse(readFileSync(runFile, "utf8")) as { pid: number }).pid, enginePid(other)];
      expect(pids.map(isAlive)).toEqual([true, true]);
      npm.kill(signal);
      await until(() => (pids.some(isAlive) ? undefined : true), "all to have ended");
      removeFolder(other);
    },
    60_000,
  );
});

test("a service whose output nobody reads any more ends, and does not spin", async () => {
  const other = newFolder();
  const child = spawn(process.execPath, ["scripts/start.mjs"], {
    env: { ...process.env, NODE_OPTIONS: "", ...anyPort, STREAMFOLD_DATA: other },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(child, "exit");
  const runFile = join(other, "run.json");
  child.stdout.resume();
  await until(() => (existsSync(runFile) ? true : undefined), "the service", 90_000);
  const { api, pid } = JSON.parse(readFileSync(runFile, "utf8")) as { api: string; pid: number };
  const pids = [pid, enginePid(other)];
  child.stdout.destroy();
  // It prints a line, and may end before it answers.
  await call("POST", `${api}/products`, { name: "Tea", price: { amount: 1, currency: "EUR" } }).catch(() => undefined);
  await until(() => (pids.some(isAlive) ? undefined : true), "all to have ended");
  await ended;
  removeFolder(other);
}, 150_000);

describe("a start that is refused", () => {
  const other = newFolder();
  afterAll(() => removeFolder(other));
  const start = (environment: Record<string, string> = {}, args: string[] = []) =>
    startService(other, environment, args).then(
      async (started) => `started, exit code ${await started.interrupt()}`,
      (error: Error) => error.message,
    );

  test("names the damaged file and the remedy, holds no port, and starts when the remedy was applied", async () => {
    const first = await startService(other);
    const body = { productId: "p-1", name: "Tea", price: { amount: 1, currency: "USD" } };
    expect((await call("POST", `${first.api}/products`, body)).status).toBe(201);
    const positions = join(other, "positions");
    await until(() => (existsSync(positions) && readdirSync(positions).length > 1 ? true : undefined), "positions");
    await first.interrupt();
    const damaged: [string, string][] = [
      [join("positions", "projector.json"), '{"streamArn":"arn:aws'],
      ["bus-positions.json", "{"],
      ["bus-archive.jsonl", "{\n{}\n"],
      ["engine.pid", "7"],
    ];
    for (const [name, text] of damaged) {
      const path = join(other, name);
      const whole = existsSync(path) ? readFileSync(path) : undefined;
      writeFileSync(path, text);
      const begun = performance.now();
      const said = await start();
      expect(said).toContain(`${path} is damaged (`);
      expect(said).toMatch(/; (delete|end)/);
      expect(performance.now() - begun).toBeLessThan(15_000);
      if (whole) writeFileSync(path, whole);
      else rmSync(path);
    }
    expect(await start()).toBe("started, exit code 0");
    writeFileSync(join(other, "engine.pid"), "7");
    writeFileSync(join(other, "run.json"), "{");
    expect(await start({}, ["--fresh"])).toBe("started, exit code 0");
  }, 240_000);

  test("names a port that is none, and an endpoint beyond this machine that was not asked for by name", async () => {
    const said = await start({ AWS_ENDPOINT_URL_DYNAMODB: "https://dynamodb.eu-central-1.amazonaws.com" });
    expect(said).toMatch(
      /AWS_ENDPOINT_URL_DYNAMODB: expected an endpoint of this machine, got https:\/\/dynamodb.*npm start -- --engine/,
    );
    for (const port of ["abc", "-1", "65536", "80.5"])
      expect(await start({ STREAMFOLD_API_PORT: port })).toContain(`STREAMFOLD_API_PORT: expected a port from 0`);
    const asked = await start({}, ["--engine", "not an address"]);
    expect(asked).toMatch(/--engine: expected an address/);
  });
});
