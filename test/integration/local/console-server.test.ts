import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { LocalBus } from "../../../src/local/bus.ts";
import { serveConsole } from "../../../src/local/console-server.ts";
import { type Listening, listen } from "../../../src/local/listen.ts";
import { LiveHub } from "../../../src/local/live-hub.ts";
import { LocalQueue } from "../../../src/local/queue.ts";
import { until } from "../../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "console-"));
const clock = () => new Date();
let ids = 0;
const newId = () => `id-${++ids}`;
const stopping = new AbortController();

const dead = new LocalQueue({ name: "work-dead", visibilitySeconds: 0, clock, newId });
const work = new LocalQueue({
  name: "work",
  visibilitySeconds: 0,
  deadLetter: { queue: dead, maxReceiveCount: 1 },
  clock,
  newId,
});
const bus = new LocalBus({
  buses: ["shop"],
  rules: [
    {
      name: "prices",
      bus: "shop",
      pattern: { "detail-type": ["PriceUpdated"] },
      isEnabled: true,
      targets: [{ kind: "queue", id: "work", deadLetter: undefined, maxRetries: 0, maxAgeSeconds: 60 }],
    },
  ],
  region: "eu-central-1",
  newId,
  clock,
  backOff: async () => undefined,
  log: () => undefined,
  signal: stopping.signal,
  send: async (_target, input) => work.send(JSON.stringify(input)),
  deadLetter: () => undefined,
});
const live = new LiveHub({ clock, rulesOf: (archived) => bus.rulesOf(archived) });
bus.listen((archived) => live.published(archived));

let api: Listening;
let page: Listening;
beforeAll(async () => {
  writeFileSync(join(folder, "index.html"), "<title>page</title>");
  api = await listen((request, response) => {
    response.writeHead(200, { "content-type": "application/json", etag: '"1"' });
    response.end(JSON.stringify({ path: request.url }));
  }, 0);
  page = await serveConsole({
    folder,
    api: api.endpoint,
    port: 0,
    run: {
      bus,
      queues: new Map([
        ["w", work],
        ["d", dead],
      ]),
      live,
    },
  });
});
afterAll(async () => {
  stopping.abort();
  await page.stop();
  await api.stop();
  rmSync(folder, { recursive: true });
});

async function call(method: string, path: string, body?: string) {
  const response = await fetch(page.endpoint + path, { method, ...(body === undefined ? {} : { body }) });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

const put = (detailType: string, n: number) =>
  bus.putEvents([
    {
      EventBusName: "shop",
      Source: "shop",
      DetailType: detailType,
      Detail: JSON.stringify({ entityId: "p-1", sequenceNumber: n }),
    },
  ]);

test("the page may ask nobody but its server, and the API's answers come through it with their headers", async () => {
  const response = await fetch(page.endpoint);
  expect(await response.text()).toBe("<title>page</title>");
  expect(response.headers.get("content-security-policy")).toContain("default-src 'self'");
  const proxied = await fetch(`${page.endpoint}/api/operations/events?limit=1`);
  expect(await proxied.json()).toEqual({ path: "/operations/events?limit=1" });
  expect(proxied.headers.get("etag")).toBe('"1"');
  expect((await fetch(`${page.endpoint}/nothing`)).status).toBe(404);
});

test("the live stream is open as long as the page is there", async () => {
  const controller = new AbortController();
  const response = await fetch(`${page.endpoint}/live`, { signal: controller.signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  let text = "";
  const reading = (async () => {
    for await (const chunk of response.body!) text += Buffer.from(chunk).toString();
  })().catch(() => undefined);
  await until(() => text.includes("event: costs") || undefined, "the state of things");
  live.appended([{ entityId: "p-1", sequenceNumber: 1 } as never]);
  const appended = 'event: appended\ndata: {"events":[{"entityId":"p-1","sequenceNumber":1}]}';
  await until(() => text.includes(appended) || undefined, "the event");
  controller.abort();
  await reading;
});

test("rules with what they matched, queues with what waits, and which of them holds dead letters", async () => {
  put("PriceUpdated", 1);
  put("ProductCreated", 2);
  const { body } = await call("GET", "/local/bus");
  expect(body).toMatchObject({ buses: ["shop"], events: 2 });
  expect(body.rules).toMatchObject([{ name: "prices", isDeclared: true, targets: ["queue work"], matched: 1 }]);
  expect(body.queues).toEqual([
    { name: "work", messages: 1, deadLettersOf: [] },
    { name: "work-dead", messages: 0, deadLettersOf: ["work"] },
  ]);
});

test("dead letters are shown, and sent again to the queue that they came from; those of a rule stay", async () => {
  work.receive(1);
  work.receive(1);
  dead.send("of a rule", { RULE_ARN: "arn" });
  const { body } = await call("GET", "/local/queues/work-dead");
  expect(body.messages).toHaveLength(2);
  expect(JSON.parse(body.messages[0].body)).toMatchObject({ "detail-type": "PriceUpdated" });
  expect((await call("POST", "/local/queues/work-dead/redrive")).body).toEqual({ sent: 1, left: 1 });
  expect(work.messages).toHaveLength(1);
  expect(dead.messages.map(({ body }) => body)).toEqual(["of a rule"]);
  expect((await call("POST", "/local/queues/work/redrive")).body).toEqual({ sent: 0, left: 1 });
});

test("a pattern is tried on the last events; one that is none is refused", async () => {
  const tried = await call("POST", "/local/bus/test-pattern", '{"pattern":{"detail":{"sequenceNumber":[2]}}}');
  expect(tried.body).toMatchObject({ tried: 2, matched: 1, examples: [{ "detail-type": "ProductCreated" }] });
  for (const body of ["", "{", "[]", '{"pattern":[]}', '{"pattern":{"source":"x"}}', '{"pattern":{}}'])
    expect(await call("POST", "/local/bus/test-pattern", body)).toMatchObject({ status: 400 });
  expect(await call("GET", "/local/queues/nothing")).toMatchObject({ status: 400 });
  expect(await call("GET", "/local/queues/%E0%A4%A")).toMatchObject({ status: 400 });
  expect(await call("DELETE", "/local/bus")).toMatchObject({ status: 404 });
});
