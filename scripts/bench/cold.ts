import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { buildHandlers, handlers } from "../../src/local/build.mjs";
import { LocalBus } from "../../src/local/bus.ts";
import { serveBus } from "../../src/local/bus-server.ts";
import { freePort } from "../../src/local/ports.ts";
import { benchEngine, resolveService } from "./engine.ts";
import type { Section } from "./report.ts";
import { median, round } from "./statistics.ts";

/** Milliseconds since the process started. */
interface Times {
  readonly started: number;
  readonly loaded: number;
  readonly answered: number;
  readonly again: number;
  readonly answer: unknown;
}

export interface ColdRow {
  readonly handler: string;
  /** Milliseconds until Node runs the first line. */
  readonly node: number;
  /** Milliseconds to read, compile and run the bundle: clients, schemas, routes. */
  readonly load: number;
  /** Milliseconds of the first answer: connections, first requests, first compilation of what is called. */
  readonly first: number;
  readonly total: number;
  /** Total as a multiple of a Node that runs nothing, side by side. */
  readonly timesBareNode: number;
  /** Milliseconds of the second answer. */
  readonly warm: number;
  readonly dominatedBy: string;
}

const CHILD = fileURLToPath(new URL("cold-start.mjs", import.meta.url));
const DIST = new URL("../../dist/", import.meta.url);

const image = {
  entityId: { S: "bench-1" },
  sequenceNumber: { N: "1" },
  eventId: { S: "e-1" },
  eventType: { S: "CategoryCreated" },
  eventTime: { S: "2026-01-01T00:00:00.000Z" },
  eventData: { M: { name: { S: "Tea" }, parentId: { NULL: true } } },
  version: { S: "1.0" },
  userId: { S: "ann" },
  correlationId: { S: "c-1" },
  aggregateType: { S: "Category" },
};
const keys = { entityId: image.entityId, sequenceNumber: image.sequenceNumber };
const record = { eventName: "INSERT", dynamodb: { Keys: keys, NewImage: image, SequenceNumber: "1" } };
const detail = { entityId: "bench-1", sequenceNumber: 1, aggregateType: "Category", version: 1 };

/** One event for each handler, as AWS would send it; the API is asked for something new each time. */
const eventsOf = (run: number): Readonly<Record<string, object>> => ({
  api: {
    version: "2.0",
    routeKey: "$default",
    rawPath: "/categories",
    rawQueryString: "",
    headers: { "content-type": "application/json", "x-user-id": "ann" },
    requestContext: { http: { method: "POST", path: "/categories" }, domainName: "api" },
    body: JSON.stringify({ categoryId: `cold-${run}`, name: "Coffee" }),
    isBase64Encoded: false,
  },
  projector: { Records: [record] },
  publisher: { Records: [record] },
  "bus-projector": { Records: [{ messageId: "m-1", body: JSON.stringify({ detail }) }] },
  snapshotter: { "detail-type": "SnapshotDue", detail },
  vitals: {},
  operations: {
    version: "2.0",
    routeKey: "$default",
    rawPath: "/operations/events",
    rawQueryString: "",
    headers: { "x-user-id": "ann" },
    requestContext: { http: { method: "GET", path: "/operations/events" }, domainName: "api" },
    isBase64Encoded: false,
  },
});

/** An answer that tells of a failure would make its time worthless. */
function checkAnswer(handler: string, answer: unknown): void {
  const { statusCode = 201, batchItemFailures = [] } = (answer ?? {}) as {
    readonly statusCode?: number;
    readonly batchItemFailures?: readonly unknown[];
  };
  if (statusCode > 201 || batchItemFailures.length > 0)
    throw new Error(`${handler} did not do its work: ${JSON.stringify(answer)}`);
}

function environment(engine: string, bus: string): Record<string, string> {
  const { environment: own, region } = resolveService();
  return {
    ...own,
    PATH: process.env.PATH ?? "",
    NODE_OPTIONS: "--enable-source-maps",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_REGION: region,
    AWS_ENDPOINT_URL_DYNAMODB: engine,
    AWS_ENDPOINT_URL_EVENTBRIDGE: bus,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    POWERTOOLS_METRICS_DISABLED: "true",
    POWERTOOLS_LOG_LEVEL: "CRITICAL",
    TRUST_USER_HEADER: "true",
  };
}

/** A process that answers twice and ends when it was heard: the news of its end may overtake its answer. */
function run(bundle: string, event: object, env: Record<string, string>): Promise<Times> {
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, [bundle, JSON.stringify(event)], { env, execArgv: [], silent: true });
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.once("message", (times) => {
      resolve(times as Times);
      child.disconnect();
    });
    child.once("exit", (code) => reject(new Error(`${bundle} ended (${code}) without an answer: ${said}`)));
  });
}

const roundedMedian = (times: readonly number[]): number => round(median(times));

/** Share of a bundle's bytes by where they come from. */
function shares(inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>): [string, number][] {
  const bytes = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const [, name = "our own code"] = /node_modules\/(@[^/]+|[^/]+)\/(?!.*node_modules\/)/.exec(path) ?? [];
    bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
  }
  const all = [...bytes.values()].reduce((sum, one) => sum + one, 0);
  return [...bytes].map(([name, one]): [string, number] => [name, one / all]).sort(([, a], [, b]) => b - a);
}

function dominant(node: number, load: number, first: number, largest: readonly [string, number][]): string {
  const top = largest.slice(0, 3).map(([name, share]) => `${name} ${Math.round(share * 100)}%`);
  if (load >= Math.max(node, first)) return `loading the bundle (${top.join(", ")} of its bytes)`;
  return first > node ? "the first answer (connections and first requests)" : "Node itself";
}

/** From process start to the first answer, per handler: the median of some runs, interleaved with a Node that runs nothing. */
export async function measureColdStarts(runs = 7): Promise<ColdRow[]> {
  const metafile = await buildHandlers();
  const engine = await benchEngine();
  const busPort = await freePort();
  const { buses, region } = resolveService();
  const idle = { rules: [], send: async () => undefined, deadLetter: () => undefined, log: () => undefined };
  const clock = () => new Date();
  const bus = new LocalBus({
    ...idle,
    buses: buses.map(({ name }) => name),
    region,
    newId: () => "id",
    clock,
    backOff: async () => undefined,
    signal: new AbortController().signal,
  });
  const server = await serveBus(bus, busPort);
  await engine.connect().send(new PutItemCommand({ TableName: "ProductService-Events", Item: image }));
  const env = environment(engine.endpoint, server.endpoint);
  const bare = "data:text/javascript,export const handler = async () => undefined";
  try {
    const rows: ColdRow[] = [];
    for (const handler of handlers) {
      const times: Times[] = [];
      const bares: number[] = [];
      for (let n = 0; n < runs; n += 1) {
        bares.push((await run(bare, {}, env)).answered);
        const answered = await run(new URL(`${handler}.mjs`, DIST).href, eventsOf(n)[handler] ?? {}, env);
        checkAnswer(handler, answered.answer);
        times.push(answered);
      }
      const node = roundedMedian(times.map(({ started }) => started));
      const load = roundedMedian(times.map(({ started, loaded }) => loaded - started));
      const first = roundedMedian(times.map(({ loaded, answered }) => answered - loaded));
      const total = roundedMedian(times.map(({ answered }) => answered));
      const inputs = metafile.outputs[`dist/${handler}.mjs`]?.inputs ?? {};
      rows.push({
        handler,
        node,
        load,
        first,
        total,
        timesBareNode: round(total / median(bares)),
        warm: roundedMedian(times.map(({ answered, again }) => again - answered)),
        dominatedBy: dominant(node, load, first, shares(inputs)),
      });
    }
    return rows;
  } finally {
    await server.stop();
    await engine.stop();
  }
}

export async function benchCold(): Promise<Section[]> {
  return [
    {
      title: "cold starts: milliseconds from the start of the process",
      rows: await measureColdStarts(),
      notes: ["On this machine; Lambda adds the download of the zip and the start of its sandbox."],
    },
  ];
}
