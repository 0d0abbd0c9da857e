import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type LocalRun, startLocalRun } from "../../../src/local/local-run.ts";
import { freePort } from "../../../src/local/ports.ts";
import { listParked } from "../../../src/stream/index.ts";
import {
  documents,
  EVENTS,
  READ_MODELS,
  SNAPSHOTS,
  serviceDefinition,
  startTestEngine,
  type TestEngine,
} from "../../support/engine.ts";
import { apiEvent, type Handler, setLambdaEnvironment } from "../../support/lambda.ts";
import { type RecordingProxy, startRecordingProxy } from "../../support/recording-proxy.ts";
import { fill, openStore } from "../../support/store.ts";
import { until } from "../../support/until.ts";

const FUNCTIONS = ["api", "projector", "publisher", "bus-projector", "snapshotter", "vitals", "operations"] as const;
type Name = (typeof FUNCTIONS)[number];

/** Of no event in the table and without an image: who gets it looks into the store. */
const ghost = { entityId: "ghost", sequenceNumber: 1 };
const ghostRecord = {
  eventName: "INSERT",
  dynamodb: { Keys: { entityId: { S: "ghost" }, sequenceNumber: { N: "1" } }, SequenceNumber: "1" },
};

let engine: TestEngine;
let run: LocalRun;
const proxies = {} as Record<Name, readonly RecordingProxy[]>;
const handlers = {} as Record<Name, Handler>;
const context = { getRemainingTimeInMillis: () => 60_000 };

/** Each handler gets clients of its own, whose requests go through proxies of its own. */
async function load(name: Name, busEndpoint: string, first: object): Promise<void> {
  const [tables, bus] = [await startRecordingProxy(engine.endpoint), await startRecordingProxy(busEndpoint)];
  proxies[name] = [tables, bus];
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
    AWS_ENDPOINT_URL_EVENTBRIDGE: bus.endpoint,
  });
  handlers[name] = (await import(`../../../src/product/functions/${name}.ts`)).handler as Handler;
  await handlers[name](first, context);
}

const request = (method: string, path: string, body?: object, headers: object = {}): Promise<{ statusCode: number }> =>
  handlers.api(apiEvent(method, path, body, headers), {});

beforeAll(async () => {
  engine = await startTestEngine();
  const busPort = await freePort();
  const busEndpoint = `http://127.0.0.1:${busPort}`;
  setLambdaEnvironment({ PARK_AFTER: "1", SNAPSHOTS_KEPT: "1" });
  run = await startLocalRun({
    definition: serviceDefinition(),
    invoke: async (key, event) => handlers[key as Name]?.(event, context),
    engineEndpoint: engine.endpoint,
    busPort,
    log: () => undefined,
    idleMs: 10,
  });
  await load("api", busEndpoint, apiEvent("GET", "/projections"));
  for (const name of ["projector", "publisher"] as const) await load(name, busEndpoint, { Records: [ghostRecord] });
  await load("bus-projector", busEndpoint, {
    Records: [{ messageId: "m-1", body: JSON.stringify({ detail: ghost }) }],
  });
  await load("snapshotter", busEndpoint, { sweep: true });
  await load("vitals", busEndpoint, {});
  await load("operations", busEndpoint, apiEvent("GET", "/operations/service"));
}, 60_000);
afterAll(async () => {
  await run?.stop();
  for (const proxy of Object.values(proxies).flat()) proxy.stop();
  await engine?.stop();
});

const price = (amount: number) => ({ price: { amount, currency: "EUR" } });

/** The paths that need rights of their own, through every function. */
async function goEveryWay(): Promise<void> {
  const created: [string, object][] = [
    ["/categories", { categoryId: "drinks", name: "Drinks" }],
    ["/categories", { categoryId: "hot", name: "Hot", parentId: "drinks" }],
    ["/products", { productId: "tea", name: "Tea", categoryId: "hot", ...price(450) }],
  ];
  for (const [path, body] of created) expect(await request("POST", path, body)).toMatchObject({ statusCode: 201 });
  for (let amount = 1; amount <= 210; amount += 1) await request("POST", "/products/tea/change-price", price(amount));
  expect(
    await request("POST", "/products/tea/rename", { name: "Green tea" }, { "idempotency-key": "k-1" }),
  ).toMatchObject({ statusCode: 200 });
  for (const _ of [1, 2])
    expect(
      await request("POST", "/products/tea/rename", { name: "Green tea" }, { "idempotency-key": "k-2" }),
    ).toMatchObject({ statusCode: 200 });
  expect(await request("POST", "/categories/hot/rename", { name: "Warm" })).toMatchObject({ statusCode: 200 });
  expect(await request("POST", "/categories/hot/move", { parentId: null })).toMatchObject({ statusCode: 200 });
  const elsewhere = openStore(engine);
  await elsewhere.appendEvent(
    "Product",
    "cold",
    "ProductCreated",
    { name: "Cold", description: "", ...price(1), categoryId: null },
    "bob",
    "c-1",
    0,
  );
  expect(await request("POST", "/products/cold/change-price", price(2), { "if-match": '"1"' })).toMatchObject({
    statusCode: 200,
  });
  expect(await request("POST", "/products/cold/change-price", price(3), { "if-match": '"7"' })).toMatchObject({
    statusCode: 412,
  });
  await elsewhere.appendEvent("Product", "poison", "ProductCreated", { name: 7 }, "eve", "c-1", 0);
  await fill(elsewhere, "unknown-type", 3);
  for (const path of [
    "/products/tea?atLeastVersion=1",
    "/products?sort=-price",
    "/products?category=hot",
    "/products?category=hot&sort=price",
    "/products/tea/price-history",
    "/categories",
    "/users/ann/activity",
    "/entities/tea/events?from=3&to=5",
    "/entities/tea/snapshots",
    "/projections",
  ])
    await until(
      async () => ((await request("GET", path)).statusCode === 200 ? true : undefined),
      `an answer from ${path}`,
    );
  await until(
    () => (run.bus.archive.some(({ event }) => event.resources.includes("cold")) && run.bus.isIdle ? true : undefined),
    "the bus",
  );
  run.bus.setFaults({ refuseEvery: 1 });
  await elsewhere.appendEvent(
    "Product",
    "refused",
    "ProductCreated",
    { name: "No", description: "", ...price(1), categoryId: null },
    "bob",
    "c-1",
    0,
  );
  const table = { client: documents(engine.client), name: READ_MODELS };
  await until(async () => {
    for await (const { entityId } of listParked(table, "publisher")) if (entityId === "refused") return true;
    return undefined;
  }, "the publisher to park what is refused");
  run.bus.setFaults({});
  await elsewhere.appendEvent("Product", "refused", "ProductRenamed", { name: "Still no" }, "bob", "c-1", 1);
  await until(
    () =>
      [...proxies.publisher.flatMap(({ rights }) => [...rights])].some((right) => right.includes(":GetItem"))
        ? true
        : undefined,
    "the publisher to look at what it parked",
  );
  await handlers.snapshotter({ sweep: true }, context);
  for (const name of ["projector", "publisher", "bus-projector"] as const)
    await handlers[name]({ sweep: "lag" }, context);
  await handlers.vitals({}, context);
}

async function operate(method: string, path: string, body?: object): Promise<{ statusCode: number; body: string }> {
  return handlers.operations(apiEvent(method, `/operations${path}`, body), {}) as never;
}

/** Everything that the console asks for, and does. */
async function operateEveryWay(): Promise<void> {
  for (const path of [
    "/projections",
    "/events",
    "/events?user=ann",
    "/events/related?entityId=tea&sequenceNumber=2",
    "/entities/tea",
    "/entities/tea/state?at=150",
    "/projections/product-catalog/rows",
    "/projections/product-catalog/rows?list=byName&partition=all",
    "/projections/product-catalog/rows?list=byPrice&partition=all",
    "/projections/product-catalog/rows?list=inCategoryByName&partition=hot",
    "/projections/product-catalog/rows?list=inCategoryByPrice&partition=hot",
    "/projections/user-activity/rows?list=byUser&partition=ann",
    "/parked",
    "/live",
  ]) {
    const { statusCode, body } = await operate("GET", path);
    expect({ path, statusCode, body: statusCode === 200 ? "" : body }).toEqual({ path, statusCode: 200, body: "" });
  }
  const waiting = { reader: "publisher", entityId: "refused" };
  expect(await operate("POST", "/parked/retry", waiting)).toMatchObject({ statusCode: 200 });
  const poisoned = { reader: "product-catalog", entityId: "poison" };
  expect(await operate("POST", "/parked/retry", poisoned)).toMatchObject({ statusCode: 200 });
  expect(await operate("POST", "/parked/skip", poisoned)).toMatchObject({ statusCode: 200 });
  for (const name of ["product-price-history", "category-tree"]) {
    let answer = await operate("POST", `/projections/${name}/rebuild`, {});
    while (answer.statusCode === 200 && !JSON.parse(answer.body).isDone)
      answer = await operate("POST", `/projections/${name}/rebuild`, {});
    expect([200, 409]).toContain(answer.statusCode);
    await operate("POST", `/projections/${name}/rollback`, {});
    await operate("POST", `/projections/${name}/drop`, { generation: 2, abandon: true });
    expect(await operate("POST", `/projections/${name}/verify`, {})).toMatchObject({ statusCode: 200 });
  }
}

interface Statement {
  readonly Action: string[];
  readonly Resource: unknown;
}

const NAMES: Readonly<Record<string, string>> = {
  EventsTable: EVENTS,
  SnapshotsTable: SNAPSHOTS,
  ReadModelsTable: READ_MODELS,
};

/** The rights of a role in serverless.yml, on tables and the bus, in the proxies' words. */
function granted(role: string): string[] {
  const { resources } = JSON.parse(readFileSync(String(process.env.STREAMFOLD_SERVICE), "utf8"));
  const statements = resources.Resources[role].Properties.Policies[0].PolicyDocument.Statement as Statement[];
  return statements.flatMap(({ Action, Resource }) =>
    [Resource].flat().flatMap((resource) => {
      const text = JSON.stringify(resource);
      const [, table = ""] = /(EventsTable|SnapshotsTable|ReadModelsTable)/.exec(text) ?? [];
      const [index = ""] = /\/index\/\w+/.exec(text) ?? [];
      return Action.flatMap((action) => {
        if (action.startsWith("events:")) return [action];
        const isTable = table !== "" && !text.includes("StreamArn");
        return action.startsWith("dynamodb:") && isTable ? [`${action} ${NAMES[table]}${index}`] : [];
      });
    }),
  );
}

/** What the ways above do not come by. */
const BESIDES: Readonly<Partial<Record<Name, readonly string[]>>> = {
  /** Proves an expected version that the store's memory has forgotten between load and append. */
  api: [`dynamodb:GetItem ${EVENTS}`],
  /** Checks a row that an event reads and leaves as it is. */
  projector: [`dynamodb:ConditionCheckItem ${READ_MODELS}`],
  /** The same. */
  operations: [`dynamodb:ConditionCheckItem ${READ_MODELS}`],
  /** Parks an entity whose event it cannot take; none of the ways above brings such an event over the bus. */
  "bus-projector": [`dynamodb:UpdateItem ${READ_MODELS}`],
  /** Tells the bus that a sweep of more keys than one invocation takes goes on. */
  snapshotter: ["events:PutEvents"],
};

test("every function has the rights that it uses, and no others", async () => {
  await goEveryWay();
  await operateEveryWay();
  const roleOf = (name: string) =>
    `${name
      .split("-")
      .map((part) => part[0]?.toUpperCase() + part.slice(1))
      .join("")}Role`;
  const used = Object.fromEntries(
    FUNCTIONS.map((name) => [
      name,
      [...new Set([...proxies[name].flatMap(({ rights }) => [...rights]), ...(BESIDES[name] ?? [])])].sort(),
    ]),
  );
  const held = Object.fromEntries(FUNCTIONS.map((name) => [name, granted(roleOf(name)).sort()]));
  expect(held).toEqual(used);
});
