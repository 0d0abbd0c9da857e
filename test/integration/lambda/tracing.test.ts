import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type LocalRun, startLocalRun } from "../../../src/local/local-run.ts";
import { freePort } from "../../../src/local/ports.ts";
import { serviceDefinition, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { apiEvent, type Handler, setLambdaEnvironment } from "../../support/lambda.ts";
import { openStore } from "../../support/store.ts";
import { until } from "../../support/until.ts";

interface Told {
  readonly name: string;
  readonly trace_id: string;
  readonly parent_id: string;
  readonly fault: boolean;
  readonly annotations: { readonly entityId: string; readonly sequenceNumber: number };
}

const ROOT = "1-67891233-abcdef012345678912345678";
const SAMPLED = `Root=${ROOT};Parent=463ac35c9f6413ad;Sampled=1;Lineage=1:a87bd80c:0`;

let engine: TestEngine;
let run: LocalRun;
let xRay: Server;
let isDown = false;
let hangs = false;
let requests = 0;
let api: Handler;
const told: Told[] = [];
beforeAll(async () => {
  engine = await startTestEngine();
  xRay = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { TraceSegmentDocuments } = JSON.parse(Buffer.concat(chunks).toString()) as {
      TraceSegmentDocuments: string[];
    };
    requests += 1;
    if (hangs) return;
    if (isDown) response.writeHead(500);
    else told.push(...TraceSegmentDocuments.map((document) => JSON.parse(document) as Told));
    response.end('{"UnprocessedTraceSegments":[]}');
  });
  await new Promise<void>((resolve) => xRay.listen(0, "127.0.0.1", resolve));
  const busPort = await freePort();
  setLambdaEnvironment({
    AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
    AWS_ENDPOINT_URL_EVENTBRIDGE: `http://127.0.0.1:${busPort}`,
    AWS_ENDPOINT_URL_XRAY: `http://127.0.0.1:${(xRay.address() as AddressInfo).port}`,
    TRACING: "on",
  });
  const handlers: Record<string, Handler> = {
    projector: (await import("../../../src/product/functions/projector.ts")).handler as Handler,
    publisher: (await import("../../../src/product/functions/publisher.ts")).handler as Handler,
  };
  api = (await import("../../../src/product/functions/api.ts")).handler as unknown as Handler;
  run = await startLocalRun({
    definition: { ...serviceDefinition(), queueMappings: [] },
    invoke: async (key, event) => handlers[key]?.(event, { getRemainingTimeInMillis: () => 60_000 }),
    engineEndpoint: engine.endpoint,
    busPort,
    log: () => undefined,
    idleMs: 10,
  });
});
afterAll(async () => {
  await run?.stop();
  xRay?.closeAllConnections();
  xRay?.close();
  await engine?.stop();
});

/** A request as the gateway hands it to the function, under a trace. */
async function createProduct(productId: string, traceHeader: string): Promise<number> {
  process.env._X_AMZN_TRACE_ID = traceHeader;
  const body = { productId, name: "Tea", price: { amount: 450, currency: "EUR" } };
  const answer = await api(apiEvent("POST", "/products", body), {});
  delete process.env._X_AMZN_TRACE_ID;
  return answer.statusCode;
}

const publishedOf = (entityId: string) => run.bus.archive.find(({ event }) => event.resources.includes(entityId));

test("the work on an event goes into the trace of the request that stored it, and the bus carries it on", async () => {
  expect(await createProduct("traced", SAMPLED)).toBe(201);
  const [event] = await openStore(engine).getEvents("traced");
  expect(event?.traceHeader).toBe(SAMPLED);
  await until(() => (told.length >= 2 ? told : undefined), "two segments");
  expect([...told].sort((a, b) => (a.name < b.name ? -1 : 1))).toMatchObject(
    ["projector", "publisher"].map((name) => ({
      name,
      trace_id: ROOT,
      parent_id: "463ac35c9f6413ad",
      fault: false,
      annotations: { entityId: "traced", sequenceNumber: 1 },
    })),
  );
  expect(publishedOf("traced")?.traceHeader).toBe(SAMPLED);
});

test("a request that is not sampled leaves nothing: no attribute, no segment, no header on the bus", async () => {
  told.length = 0;
  expect(await createProduct("plain", SAMPLED.replace("Sampled=1", "Sampled=0"))).toBe(201);
  const published = await until(() => publishedOf("plain"), "the event on the bus");
  expect(published.traceHeader).toBeUndefined();
  expect((await openStore(engine).getEvents("plain"))[0]).not.toHaveProperty("traceHeader");
  expect(await createProduct("last", SAMPLED)).toBe(201);
  await until(() => (told.length >= 2 ? told : undefined), "the segments of the next request");
  expect(told.map(({ annotations }) => annotations.entityId)).toEqual(["last", "last"]);
});

test("an X-Ray that does not answer holds nothing up", async () => {
  isDown = true;
  const before = requests;
  expect(await createProduct("untold", SAMPLED)).toBe(201);
  const published = await until(() => publishedOf("untold"), "the event on the bus");
  expect(published.traceHeader).toBe(SAMPLED);
  await until(() => (requests > before ? true : undefined), "X-Ray to be asked");
  expect(await createProduct("after", SAMPLED.replace("Sampled=1", "Sampled=0"))).toBe(201);
  await until(() => publishedOf("after"), "the next event on the bus");
});

test("neither does one that takes requests and never answers", async () => {
  isDown = false;
  hangs = true;
  const before = requests;
  expect(await createProduct("hung", SAMPLED)).toBe(201);
  await until(() => publishedOf("hung"), "the event on the bus");
  await until(() => (requests > before ? true : undefined), "X-Ray to be asked");
  expect(await createProduct("past", SAMPLED.replace("Sampled=1", "Sampled=0"))).toBe(201);
  await until(() => publishedOf("past"), "the next event on the bus", 15_000);
});
