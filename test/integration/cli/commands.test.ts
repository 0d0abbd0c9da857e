import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DeleteTableCommand, ListTablesCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { PutCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { findCommand } from "../../../src/cli/parse.ts";
import { encodeEvent } from "../../../src/event-store/dynamodb/index.ts";
import { createTables } from "../../../src/local/tables.ts";
import { productService } from "../../../src/product/service.ts";
import { storedEvent } from "../../support/bare-table.ts";
import { documents, EVENTS, eventsTable, READ_MODELS } from "../../support/engine.ts";
import { batchOf, openProjector } from "../../support/projecting.ts";
import { openStore } from "../../support/store.ts";
import { until } from "../../support/until.ts";
import { type Called, type Ended, run, start } from "./command-line.ts";
import { type LocalStage, startLocalStage } from "./local-stage.ts";
import { call } from "./test-io.ts";

const aggregates = Object.values(productService.aggregates);
const TEA = { name: "Tea", price: { amount: 450, currency: "EUR" } };

let stage: LocalStage;
beforeAll(async () => {
  stage = await startLocalStage();
});
afterAll(() => stage.stop());

const started = new Set<string>();

/**
 * Runs a command as a process of its own the first time, and where its variables are others; after that in this process,
 * by the same entry: a start takes half a second.
 */
function streamfold(args: string | readonly string[], { env, input = "" }: Called = {}): Promise<Ended> {
  const words = typeof args === "string" ? args.split(" ").filter((word) => word !== "") : args;
  const name = findCommand(words, COMMANDS).command?.name ?? "";
  const isFirst = !started.has(name);
  started.add(name);
  if (isFirst || env) return run(words, { input, env: { ...stage.env, ...env } });
  return call(words, { input, env: stage.env });
}

/** What the command prints as JSON, and its exit code. */
async function json(args: string, called: Called = {}) {
  const { code, out, err } = await streamfold(`${args} --json`, called);
  return { code, err, value: out === "" ? undefined : JSON.parse(out) };
}

/** Brings the read models up to all that is stored, as the stream would. */
async function projectAll(): Promise<void> {
  const { events } = await openStore(stage.engine).scanEvents({ segment: 0, segments: 1 });
  await openProjector(stage.engine).project(batchOf(events.flatMap(({ event }) => event ?? [])));
}

describe("send", () => {
  test("stores what the command decides, from data on the line, in a file and on standard input", async () => {
    const created = await streamfold(["send", "CreateProduct", "tea", "--data", JSON.stringify(TEA)]);
    expect(created).toEqual({ code: 0, out: "tea is at version 1: ProductCreated\n", err: "" });
    writeFileSync(join(stage.folder, "price.json"), JSON.stringify({ price: { amount: 500, currency: "EUR" } }));
    expect(
      await json(`send ChangePrice tea --data @${join(stage.folder, "price.json")} --if-version 1 --user bob`),
    ).toEqual({
      code: 0,
      err: "",
      value: { entityId: "tea", version: 2, events: ["PriceUpdated"], repeated: false },
    });
    const renamed = await streamfold("send RenameProduct tea --data -", { input: '{"name":"Green tea"}' });
    expect(renamed.out).toBe("tea is at version 3: ProductRenamed\n");
    const events = await openStore(stage.engine).getEvents("tea");
    expect(events.map(({ userId }) => userId)).toEqual(["ann", "bob", "ann"]);
  });

  test("makes an id for what is created without one, and knows a command again by its key", async () => {
    const args = ["send", "CreateProduct", "coffee", "--key", "k-1", "--data", JSON.stringify(TEA)];
    expect((await streamfold(args)).out).toBe("coffee is at version 1: ProductCreated\n");
    expect((await streamfold(args)).out).toContain("(stored before, by the same key)");
    const { out } = await streamfold(["send", "CreateProduct", "--json", "--data", JSON.stringify(TEA)]);
    expect(JSON.parse(out)).toMatchObject({ entityId: expect.stringMatching(/^[0-9a-f-]{36}$/), version: 1 });
  });

  test.each([
    [["send", "ChangePrice", "tea", "--data", '{"price":1}'], 1, "ChangePrice does not fit its schema: data.price"],
    [
      ["send", "ChangePrice", "nothing", "--data", JSON.stringify({ price: TEA.price })],
      1,
      "there is no product with this id",
    ],
    [
      ["send", "RenameProduct", "tea", "--data", '{"name":"x"}', "--if-version", "9"],
      1,
      "tea was expected at version 9 and is at",
    ],
    [["send", "ChangePrice", "--data", "{}"], 2, "ChangePrice changes an entity: expected ENTITY"],
    [["send", "ChangePrice", "tea", "--data", "{"], 2, "--data: expected a JSON object"],
    [["send", "ChangePrice", "tea", "--data", "[]"], 2, "--data: expected a JSON object, got []"],
    [["send", "ChangePrice", "tea", "--aggregate", "Category"], 2, "there is no command of the service ChangePrice"],
    [["send", "CreateProduct", "no/id", "--data", JSON.stringify(TEA)], 2, "no/id is no id of a Product"],
  ])("%j ends with %i", async (args, code, message) => {
    expect(await call(args, { env: stage.env })).toEqual({ code, out: "", err: expect.stringContaining(message) });
  });
});

describe("show", () => {
  test("prints state, events, rows and places, now and at an earlier version", async () => {
    await projectAll();
    const { code, value } = await json("show tea --at 2 --events 1");
    expect(code).toBe(0);
    expect(value).toMatchObject({
      entityId: "tea",
      aggregateType: "Product",
      head: 3,
      version: 2,
      state: { name: "Tea", price: { amount: 500 } },
      previous: { price: { amount: 450 } },
      events: [{ sequenceNumber: 2, eventType: "PriceUpdated" }],
      published: 0,
    });
    expect(value.readModels[0]).toMatchObject({
      projection: "product-catalog",
      checkpoint: 3,
      rows: [{ name: "Green tea" }],
    });
    const { out } = await streamfold("show tea");
    expect(out).toMatch(/^tea: a Product at version 3\nsnapshots: none\non the bus: up to 0 of 3\n/);
    expect(out).toMatch(/\nevent {2}time +type +user {2}data\n1 +\S+Z {2}ProductCreated +ann/);
    expect(out).toMatch(/\nproduct-catalog +1 +3 +no +\{/);
  });

  test.each([
    ["show nobody", "there is no entity nobody"],
    ["show tea --at 4", "tea is at version 3"],
  ])("%s ends with 1", async (args, message) => {
    expect(await streamfold(args)).toEqual({ code: 1, out: "", err: `${message}\n` });
  });
});

test("tail prints what is stored from then on, of the entity, type and user that are asked for", async () => {
  const store = openStore(stage.engine, { aggregates });
  const tail = start("tail --count 2 --entity mug --type ProductDescribed --user eve --json", { env: stage.env });
  await store.appendEvent("Product", "mug", "ProductDescribed", { description: "0" }, "ann", "c-1");
  let number = 0;
  await until(async () => {
    number += 1;
    await store.appendEvent("Product", "mug", "ProductDescribed", { description: `${number}` }, "ann", "c-1");
    await store.appendEvent("Product", "cup", "ProductDescribed", { description: `${number}` }, "eve", "c-1");
    await store.appendEvent("Product", "mug", "ProductDescribed", { description: `${number}` }, "eve", "c-1");
    return tail.child.exitCode === null ? undefined : true;
  }, "tail to have seen two events");
  const { code, out } = await tail.ended;
  expect(code).toBe(0);
  const events = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events.map(({ entityId, userId }) => `${entityId} ${userId}`)).toEqual(["mug eve", "mug eve"]);
  expect(Number(events[1].eventData.description)).toBe(Number(events[0].eventData.description) + 1);
});

test("tail ends on Ctrl-C with 0, and prints lines for people", async () => {
  const store = openStore(stage.engine, { aggregates });
  const tail = start("tail --entity jar", { env: stage.env });
  await until(async () => {
    await store.appendEvent("Product", "jar", "ProductDescribed", { description: "x" }, "ann", "c-1");
    return tail.out() === "" ? undefined : true;
  }, "tail to print");
  tail.child.kill("SIGINT");
  const { code, out, err } = await tail.ended;
  expect([code, err]).toEqual([0, `following ${EVENTS}; Ctrl-C ends it\n`]);
  expect(out).toMatch(/^\S+Z {2}jar #\d+ {2}ProductDescribed {2}ann {2}\{"description":"x"\}\n/);
});

test("projections, rebuild, verify, rollback and drop: a read model's whole life", async () => {
  await projectAll();
  expect((await streamfold("rebuild product-catalog")).out).toBe("generation 2 of product-catalog is served\n");
  const { out } = await streamfold("projections");
  expect(out).toMatch(/^reader +version +serving +generations +behind +oldest s +parked\n/);
  expect(out).toMatch(/\nproduct-catalog +1 +2 +1, 2 +0 +0 +0\n/);
  expect(out).toMatch(/\npublisher /);
  expect(await json("rollback product-catalog --catch-up --yes")).toMatchObject({
    code: 0,
    value: { projection: "product-catalog", generation: 1 },
  });
  expect((await streamfold("drop product-catalog 1 --yes")).err).toContain("generation 1 is the serving one");
  expect((await streamfold("drop product-catalog 2 --yes")).out).toMatch(/^\d+ items removed\n$/);
  expect((await streamfold("verify --all")).out).toMatch(/product-catalog: \d+ rows, 0 differences, 0 events skipped/);

  const table = documents(stage.engine.connect());
  const { Items = [] } = await table.send(new ScanCommand({ TableName: READ_MODELS }));
  const item = Items.find(({ pk, row }) => String(pk).startsWith("product-catalog@1#") && row?.name === "Green tea");
  await table.send(new PutCommand({ TableName: READ_MODELS, Item: { ...item, row: { ...item?.row, name: "Mud" } } }));
  const wrong = await json("verify product-catalog");
  expect(wrong).toMatchObject({
    code: 1,
    value: { differences: [{ found: { name: "Mud" }, expected: { name: "Green tea" } }] },
  });
  await table.send(new PutCommand({ TableName: READ_MODELS, Item: item }));
  expect((await json("verify product-catalog")).code).toBe(0);
});

describe("parked", () => {
  beforeAll(async () => {
    const store = openStore(stage.engine, { aggregates });
    await store.appendEvent(
      "Product",
      "pot",
      "ProductCreated",
      { ...TEA, description: "", categoryId: null },
      "ann",
      "c-1",
    );
    const poison = storedEvent({
      entityId: "pot",
      sequenceNumber: 2,
      aggregateType: "Product",
      eventType: "ProductRenamed",
      version: "9.0",
    });
    await stage.engine.client.send(new PutItemCommand({ TableName: EVENTS, Item: encodeEvent(poison, "map") }));
    await store.appendEvent("Product", "pot", "ProductDescribed", { description: "new" }, "ann", "c-1");
    const projector = openProjector(stage.engine, {
      projections: productService.projections.filter(({ name }) => name === "product-catalog"),
      parkAfter: 1,
    });
    await projector.project([{ entityId: "pot", upTo: 3, events: [] }]);
  });

  test("are listed, shown, tried again and passed by", async () => {
    expect((await streamfold("parked list")).out).toMatch(/product-catalog +1 +pot +2 .*9\.0.*\n\n1 parked\n$/);
    expect((await json("parked list publisher")).value).toEqual({ parked: [] });
    const shown = await streamfold("parked show product-catalog pot");
    expect(shown.out).toMatch(/"sequenceNumber": 2/);
    expect(shown.out).toContain("UnknownEventVersionError");
    const again = await streamfold("parked retry product-catalog pot");
    expect([again.code, again.out]).toEqual([1, expect.stringContaining("pot failed again in product-catalog")]);
    const skipped = await streamfold("parked skip product-catalog pot --yes");
    expect(skipped).toEqual({ code: 0, out: "pot has caught up in product-catalog\n", err: "" });
    expect((await streamfold("parked list product-catalog")).out).toBe("0 parked\n");
    for (const [command, option] of [
      ["show", ""],
      ["retry", ""],
      ["skip", "--yes"],
    ])
      expect(await streamfold(`parked ${command} product-catalog pot ${option}`)).toEqual({
        code: 1,
        out: "",
        err: "pot is not parked in product-catalog\n",
      });
  });
});

test("snapshots sweep makes the snapshots that are due, and the next one finds them", async () => {
  const first = await json("snapshots sweep Product");
  expect(first).toMatchObject({ code: 1, value: [{ aggregateType: "Product", failed: 1, isDone: true }] });
  expect(first.value[0].made).toBeGreaterThan(2);
  expect((await streamfold("snapshots sweep Category")).out).toMatch(/^aggregateType +due .*\nCategory +0 /);
  expect((await json("show tea")).value.snapshots).toEqual([expect.objectContaining({ version: 3, isCurrent: true })]);
});

test("publish puts on the bus what is missing, or all since a time; status and mark", async () => {
  const before = await json("publish status");
  expect(before.value.entities).toEqual(expect.arrayContaining([{ entityId: "tea", published: 0, head: 3 }]));
  const store = openStore(stage.engine, { aggregates });
  const missing = await streamfold("publish --missing");
  // The event of a version that nobody reads is refused, and told.
  expect(missing).toEqual({
    code: 1,
    out: expect.stringMatching(/^\d+ events published, 1 entities failed\n$/),
    err: "",
  });
  expect(stage.published().filter((one) => one.startsWith("tea"))).toEqual(["tea #1", "tea #2", "tea #3"]);

  const [, second] = await store.getEvents("tea");
  const again = await json(`publish --from ${second?.eventTime} --aggregate Product --yes`);
  expect(again.value.published).toBeGreaterThanOrEqual(2);
  expect(stage.published().filter((one) => one.startsWith("tea"))).toEqual([
    "tea #1",
    "tea #2",
    "tea #3",
    "tea #2",
    "tea #3",
  ]);

  await store.appendEvent("Product", "lid", "ProductDescribed", { description: "x" }, "ann", "c-1");
  expect((await streamfold("publish status")).out).toMatch(/lid +0 +1\n/);
  expect((await streamfold("publish mark --yes")).out).toMatch(/^\d+ entities marked\n$/);
  expect(await streamfold("publish status")).toEqual({ code: 0, out: "0 entities\n", err: "" });
  expect(stage.published().some((one) => one.startsWith("lid"))).toBe(false);
});

test("work that reads all events tells how far it is, with --json as JSON", async () => {
  let now = 0;
  const clock = () => {
    now += 6_000;
    return new Date(now);
  };
  const { err } = await call("verify product-catalog --json", { env: stage.env, clock });
  expect(JSON.parse(err.split("\n")[0] ?? "")).toEqual({
    progress: expect.objectContaining({ unit: "events", note: "product-catalog", done: expect.any(Number) }),
  });
  const { err: plain } = await call("publish status", { env: stage.env, clock });
  expect(plain).toMatch(/^\d+ of \d+ events\n/);
});

test("copy puts every event of a table into another, here and by the SDK's variables", async () => {
  await createTables(stage.engine.client, [eventsTable("Copied-Events"), eventsTable("Sharded-Events", 4)]);
  const first = await streamfold(`copy ${EVENTS} Copied-Events`);
  expect(first).toEqual({ code: 0, out: expect.stringMatching(/^\d+ copied, 0 were there already\n$/), err: "" });
  const again = await json(`copy ${EVENTS} Copied-Events --aws`, { env: stage.asAws });
  expect(again.value).toEqual({ copied: 0, present: Number(first.out.split(" ")[0]) });
  expect((await streamfold(`copy ${EVENTS} Sharded-Events --index-shards 4`)).code).toBe(0);
  for (const [args, message] of [
    [`copy ${EVENTS} Sharded-Events`, "to.indexShards: expected more than 1"],
    [`copy No-Events Copied-Events`, 'from.table: expected a table that exists, got "No-Events"'],
    [`copy ${EVENTS} ${READ_MODELS}`, "to.table: expected a table of events, with the keys"],
    [`copy ${EVENTS} ${EVENTS}`, "to.table: expected another table than from.table"],
  ] as const)
    expect(await streamfold(args)).toEqual({ code: 1, out: "", err: expect.stringContaining(message) });
});

test("events are not stored where INDEX_SHARDS is not what the table has", async () => {
  const env = { ...stage.asAws, INDEX_SHARDS: "4" };
  const message = `INDEX_SHARDS is 4, and ${EVENTS} has none`;
  const before = await openStore(stage.engine).getEvents("tea");
  const sent = await streamfold(["send", "RenameProduct", "tea", "--data", '{"name":"Other"}'], { env });
  expect(sent).toEqual({ code: 2, out: "", err: expect.stringContaining(message) });
  expect(await openStore(stage.engine).getEvents("tea")).toEqual(before);
  const file = join(stage.folder, "sharded.jsonl");
  writeFileSync(file, '{"entityId":"s-1","eventType":"CategoryArchived","data":{}}\n');
  expect((await streamfold(["import", file], { env })).err).toContain(message);
  await createTables(stage.engine.client, [eventsTable("Sharded-dev-Events", 4)]);
  const other = await streamfold(["import", file], { env: { ...stage.asAws, TABLE_PREFIX: "Sharded-dev" } });
  expect(other).toEqual({ code: 2, out: "", err: expect.stringContaining("Sharded-dev-Events has sharded indexes") });
});

test("cost measures with the table's own events, and leaves no table behind", async () => {
  const { code, value } = await json("cost");
  expect(code).toBe(0);
  const operations = value.operations.map(({ operation }: { operation: string }) => operation);
  expect(operations).toEqual(
    expect.arrayContaining(["append of an event", "event into rows of product-catalog", "snapshot of an entity"]),
  );
  // One unit for the table and one for each of its two indexes.
  expect(value.operations[0]).toMatchObject({ requests: 1, writeUnits: 3, dollarsPerMillion: 1.88 });
  expect(value.perEvent.dollarsPerMillion).toBeGreaterThan(3);
  const { TableNames = [] } = await stage.engine.client.send(new ListTablesCommand({}));
  expect(TableNames.filter((name) => name.includes("-cost-"))).toEqual([]);
  const asked = await streamfold("cost", { env: stage.asAws });
  expect(asked).toEqual({
    code: 2,
    out: "",
    err: expect.stringContaining("Three tables named ProductService-…-cost-…"),
  });
  expect((await streamfold("cost --yes", { env: stage.asAws })).out).toMatch(
    /\none event, all of it, on the bus .*\n\nmeasured with/,
  );
});

describe("doctor", () => {
  test("finds a local stage sound", async () => {
    const { code, value } = await json("doctor");
    expect(value.findings.filter(({ result }: { result: string }) => result === "fail")).toEqual([]);
    expect(code).toBe(0);
    const found = new Map<string, string>(
      value.findings.map((one: { check: string; found: string }) => [one.check, one.found]),
    );
    expect(found.get(`index ${EVENTS}/EventTypeIndex`)).toBe("keys aggregateType, eventTime");
    expect(found.get(`index ${READ_MODELS}/List2`)).toBe("keys list2pk, list2sk");
    expect(found.get(`stream of ${EVENTS}`)).toBe("NEW_IMAGE");
    expect(found.get(`PutItem on ${EVENTS}`)).toBe("granted");
    expect(found.get("projection product-catalog")).toMatch(/^version 1, generation \d+ is served$/);
    expect(found.get("bus ProductService")).toBe("it exists");
    const { events } = await openStore(stage.engine).scanEvents({ segment: 0, segments: 1 });
    expect(events.filter(({ entityId }) => entityId.includes("doctor"))).toEqual([]);
  });

  test("fails on what is missing or other than the shell says", async () => {
    const sharded = await streamfold("doctor", { env: { ...stage.asAws, INDEX_SHARDS: "4" } });
    expect(sharded.code).toBe(1);
    expect(sharded.out).toMatch(
      /\nfail +index ProductService-Events\/EventTypeIndex +its keys are aggregateType, eventTime, expected aggregateTypeShard, eventTime; this shell says INDEX_SHARDS is 4\n/,
    );
    const elsewhere = await streamfold("doctor --stage nowhere", { env: stage.asAws });
    expect(elsewhere.code).toBe(1);
    expect(elsewhere.out).toMatch(/\nfail +table ProductService-nowhere-Events +/);
    expect(elsewhere.out).toMatch(
      /\nfail +bus ProductService-nowhere +event bus ProductService-nowhere does not exist/,
    );
  });
});

test("a stage on AWS is found by TABLE_PREFIX or --stage; one that is not there ends with 3", async () => {
  const env = { ...stage.asAws };
  expect((await streamfold("projections", { env })).code).toBe(0);
  const { code, out, err } = await streamfold("verify product-catalog --stage dev", { env });
  expect([code, out]).toEqual([3, ""]);
  expect(err).toMatch(/is it the right --stage, account and region\?/);
  expect((await streamfold("verify product-catalog --stage prod", { env })).out).toContain("product-catalog: ");
  const { engine } = stage;
  const gone = await streamfold("projections", {
    env: { ...env, AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:9", AWS_MAX_ATTEMPTS: "1" },
  });
  expect(gone.code).toBe(3);
  await engine.client.send(new DeleteTableCommand({ TableName: "Copied-Events" }));
});

test("every command was started as a process, here or in a test of its own", () => {
  const own = ["tail", "import", "export", "console", "init", "add aggregate", "add projection"];
  expect([...started, ...own].sort()).toEqual(expect.arrayContaining(COMMANDS.map(({ name }) => name)));
});
