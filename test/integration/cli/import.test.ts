import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { paginateScan } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createCommandHandler } from "../../../src/aggregate/index.ts";
import { type StoredEvent, sortKeys } from "../../../src/event-store/index.ts";
import { productService } from "../../../src/product/service.ts";
import { readProgressNow, writeProgress } from "../../../src/publisher/dynamodb-progress.ts";
import { documents, EVENTS, READ_MODELS } from "../../support/engine.ts";
import { productEvent } from "../../support/projecting.ts";
import { openStore } from "../../support/store.ts";
import { until } from "../../support/until.ts";
import { run, start } from "./command-line.ts";
import { type LocalStage, startLocalStage } from "./local-stage.ts";
import { call, type TestIo } from "./test-io.ts";

const aggregates = Object.values(productService.aggregates);
const PRICE = { amount: 450, currency: "EUR" };
const CREATED = { name: "Tea", description: "", price: PRICE, categoryId: null };

let stage: LocalStage;
const folder = mkdtempSync(join(tmpdir(), "streamfold-import-"));
beforeAll(async () => {
  stage = await startLocalStage();
});
afterAll(async () => {
  await stage.stop();
  rmSync(folder, { recursive: true });
});

function file(name: string, lines: readonly unknown[]): string {
  const path = join(folder, `${name}.jsonl`);
  writeFileSync(
    path,
    lines.map((line) => (typeof line === "string" ? `${line}\n` : `${JSON.stringify(line)}\n`)).join(""),
  );
  return path;
}

const importFile = (path: string, args = "", io: TestIo = {}) =>
  call(["import", path, ...args.split(" ").filter((one) => one !== "")], { env: stage.env, ...io });

const created = (entityId: string, more: object = {}) => ({
  entityId,
  eventType: "ProductCreated",
  data: CREATED,
  ...more,
});
const described = (entityId: string, more: object = {}) => ({
  entityId,
  eventType: "ProductDescribed",
  data: { description: "new" },
  ...more,
});

const eventsOf = (entityId: string): Promise<StoredEvent[]> => openStore(stage.engine).getEvents(entityId);
const publishedOf = async (entityId: string): Promise<number> =>
  (await readProgressNow({ client: documents(stage.engine.connect()), name: READ_MODELS }, entityId)).published;

test("ids and times stay as they are, what a line does not say is made, and a second run stores nothing", async () => {
  const eventTime = "2019-03-01T10:00:00.123Z";
  const whole = {
    ...created("i-1"),
    sequenceNumber: 1,
    aggregateType: "Product",
    eventId: "from-elsewhere-1",
    eventTime,
    version: "1.0",
    userId: "eve",
    correlationId: "c-9",
    causationId: "x-1",
    commandId: "k-1",
    commandHash: "h-1",
    traceHeader: "Root=1",
  };
  const path = file("exact", [whole, "", described("i-1")]);
  const first = await importFile(path, "--json");
  expect(JSON.parse(first.out)).toMatchObject({
    events: 2,
    entities: 1,
    imported: 2,
    present: 0,
    refused: [],
    onBus: false,
  });
  const [one, two] = await eventsOf("i-1");
  const { data: eventData, ...said } = whole;
  expect(one).toEqual({ ...said, eventData });
  expect(two).toMatchObject({ sequenceNumber: 2, aggregateType: "Product", version: "1.0", userId: "import" });
  expect(two?.eventId).toMatch(/^[0-9a-f-]{36}$/);
  expect(two?.correlationId).toMatch(/^import-[0-9a-f]{16}$/);
  expect(existsSync(`${path}.importing`)).toBe(false);

  const again = await importFile(path);
  expect(again.code).toBe(0);
  expect(again.err).toContain("imported events do not go on the bus (--publish sends them)");
  expect(again.out).toMatch(
    /^0 events imported, 2 were there already, 0 entities refused; 1 entities, SHA-256 [0-9a-f]{64}\n$/,
  );
  expect(await eventsOf("i-1")).toEqual([one, two]);
});

describe("nothing is imported of a file with", () => {
  test.each<[string, unknown[], string, string]>([
    [
      "a field that an append does not take",
      [created("r-1", { colour: "red" })],
      "",
      "line 1: line.colour: expected one of the fields",
    ],
    ["no JSON", [created("r-1"), "{"], "", "line 2: line: expected JSON"],
    ["a list", ["[1]"], "", "line 1: line.0: expected one of the fields"],
    ["no entity", [{ eventType: "ProductCreated", data: {} }], "", "line 1: entityId: expected well-formed text"],
    ["no data", [{ entityId: "r-1", eventType: "ProductRenamed" }], "", "line 1: data"],
    [
      "an unknown type",
      [created("r-1", { eventType: "ProductMade" })],
      "",
      "eventType: expected an event that an aggregate of the service declares",
    ],
    [
      "another aggregate's type",
      [created("r-1", { aggregateType: "Category" })],
      "",
      "expected an event that Category declares",
    ],
    [
      "an unknown aggregate",
      [created("r-1", { aggregateType: "Shop" })],
      "",
      "aggregateType: expected one of Product, Category",
    ],
    [
      "two aggregates in one entity",
      [created("r-1"), { entityId: "r-1", eventType: "CategoryArchived", data: {} }],
      "",
      "aggregateType: expected Product, as of r-1 before",
    ],
    [
      "a stream that begins later",
      [created("r-1", { sequenceNumber: 3 })],
      "",
      "sequenceNumber of r-1: expected 1 (or be told to renumber), got 3",
    ],
    [
      "a hole",
      [created("r-1"), described("r-1", { sequenceNumber: 3 })],
      "",
      "line 2: sequenceNumber of r-1: expected 2",
    ],
    [
      "data that do not fit the schema",
      [created("r-1", { data: { name: "x" } })],
      "",
      "ProductCreated does not fit its schema",
    ],
    [
      "a version that this code does not read",
      [created("r-1", { version: "9.0" })],
      "",
      "is stored at version 9.0; this code reads 1.0",
    ],
    [
      "a time of another form",
      [created("r-1", { eventTime: "2019-03-01T10:00:00.1234567Z" })],
      "",
      "eventTime: expected a time in UTC with milliseconds",
    ],
    ["no time", [created("r-1", { eventTime: "yesterday" })], "", "eventTime: expected an ISO 8601 time"],
    [
      "a number that would change",
      ['{"entityId":"r-1","eventType":"ProductDescribed","data":{"n":12345678901234567890}}'],
      "",
      "numbers that are held exactly",
    ],
    ["a user that is no text", [created("r-1", { userId: 7 })], "", "userId: expected well-formed text"],
    [
      "an event that is too large",
      [created("r-1", { data: { ...CREATED, x: "x".repeat(420_000) } })],
      "--unchecked",
      "data: expected an event of at most 409600",
    ],
    [
      "something behind an export's last line",
      ['{"events":0,"sha256":"x"}', created("r-1")],
      "",
      "line 2: there is more behind the last line of an export",
    ],
  ])("%s", async (_, lines, args, message) => {
    const { code, out, err } = await importFile(file("refused", lines), args);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^nothing was imported:\n {2}/);
    expect(err).toContain(message);
    expect(await eventsOf("r-1")).toEqual([]);
  });
});

test("all that is wrong is told at once, twenty lines at most", async () => {
  const { err } = await importFile(
    file(
      "many",
      Array.from({ length: 30 }, (_, n) => created(`m-${n}`, { colour: 1 })),
    ),
  );
  expect(err.match(/\n {2}line \d+: /g)).toHaveLength(20);
});

test("options for what is refused otherwise: renumber, cut times, any data, an aggregate and a user", async () => {
  const late = created("o-1", { sequenceNumber: 8, eventTime: "2019-03-01T10:00:00.1239999Z", data: { odd: true } });
  const path = file("options", [late, described("o-1", { sequenceNumber: 12 })]);
  const { code } = await importFile(path, "--renumber --cut-times --unchecked --aggregate Product --user migration");
  expect(code).toBe(0);
  expect(await eventsOf("o-1")).toMatchObject([
    { sequenceNumber: 1, eventTime: "2019-03-01T10:00:00.123Z", eventData: { odd: true }, userId: "migration" },
    { sequenceNumber: 2 },
  ]);
  expect((await importFile(path, "--aggregate Produkt")).err).toContain("did you mean Product?");
  expect((await importFile(path, "--format csv")).err).toContain(
    "--format: expected streamfold or eventstoredb, got csv",
  );
});

test("an entity that has other events is left alone and told, the others are imported", async () => {
  const store = openStore(stage.engine, { aggregates });
  await store.appendEvent("Product", "live", "ProductCreated", CREATED, "ann", "c-1", 0);
  const { code, out } = await importFile(
    file("conflict", [created("live", { eventId: "another" }), described("live"), created("free")]),
    "--json",
  );
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    imported: 1,
    refused: [{ entityId: "live", sequenceNumber: 1, reason: "the table has another event there" }],
  });
  expect((await eventsOf("live")).map(({ userId }) => userId)).toEqual(["ann"]);
  expect(await publishedOf("live")).toBe(0);
});

describe("imported events and the bus", () => {
  const deliver = async (entityId: string) => {
    // What the function makes of the stream's records.
    const { out } = await call("publish --missing --json", { env: stage.env });
    return { ...JSON.parse(out), of: stage.published().filter((one) => one.startsWith(`${entityId} `)) };
  };

  test("do not meet, and what is stored afterwards does", async () => {
    await importFile(file("silent", [created("b-1"), described("b-1")]));
    expect(await publishedOf("b-1")).toBe(2);
    await openStore(stage.engine, { aggregates }).appendEvent(
      "Product",
      "b-1",
      "ProductDescribed",
      { description: "3" },
      "ann",
      "c-1",
    );
    expect((await deliver("b-1")).of).toEqual(["b-1 #3"]);
  });

  test("meet when it is said", async () => {
    const { out } = await importFile(file("loud", [created("b-2")]), "--publish --json");
    expect(JSON.parse(out).onBus).toBe(true);
    expect((await deliver("b-2")).of).toEqual(["b-2 #1"]);
  });

  test("an entity whose own events are not on the bus yet is refused: they would never come there", async () => {
    const lines = [created("b-3"), described("b-3")];
    await importFile(file("waits", lines.slice(0, 1)), "--publish");
    const { code, out } = await importFile(file("waits-more", lines), "--json");
    expect([code, JSON.parse(out).refused]).toEqual([
      1,
      [{ entityId: "b-3", sequenceNumber: 2, reason: "its events up to 1 are not all on the bus yet" }],
    ]);
  });

  test("a mark of an import that was killed is taken back where others have stored an event since", async () => {
    const others = Array.from({ length: 500 }, (_, n) => (n < 20 ? created : described)(`f-${n % 20}`));
    const path = file("killed", [created("b-4"), ...others, described("b-4")]);
    const stopped = new AbortController();
    stopped.abort();
    await importFile(path, "", { signal: stopped.signal });
    // As a kill in the second batch leaves it: marked, and not stored.
    const table = { client: documents(stage.engine.connect()), name: READ_MODELS };
    await writeProgress(table, { ...(await readProgressNow(table, "b-4")), published: 2 });
    const store = openStore(stage.engine, { aggregates });
    await store.appendEvent("Product", "b-4", "ProductDescribed", { description: "live" }, "ann", "c-1", 1);
    expect((await deliver("b-4")).of).toEqual([]);

    const { code, err } = await importFile(path);
    expect([code, err]).toEqual([1, expect.stringContaining("going on after line 500")]);
    expect(stage.published().filter((one) => one.startsWith("b-4 "))).toEqual(["b-4 #2"]);
  });
});

test("an import that is killed goes on where it was, and one that is interrupted says so", async () => {
  const lines = Array.from({ length: 1_500 }, (_, n) => (n < 50 ? created : described)(`k-${n % 50}`));
  const path = file("resumed", lines);
  const child = start(["import", path], { env: stage.env });
  await until(() => {
    const kept = existsSync(`${path}.importing`) ? JSON.parse(readFileSync(`${path}.importing`, "utf8")) : undefined;
    return kept?.position.line > 0 ? true : undefined;
  }, "the import to have stored a part");
  child.child.kill("SIGKILL");
  await child.ended;

  const stopped = new AbortController();
  stopped.abort();
  const interrupted = await importFile(path, "", { signal: stopped.signal });
  expect([interrupted.code, interrupted.err]).toEqual([
    1,
    expect.stringMatching(
      /going on after line \d+00\n(?:.|\n)*stopped after line \d+00; the same call goes on from there\n/,
    ),
  ]);
  const { code, out } = await importFile(path, "--json");
  expect([code, existsSync(`${path}.importing`)]).toEqual([0, false]);
  const { imported, present } = JSON.parse(out);
  expect(imported + present).toBe(1_500);
  const numbers = Array.from({ length: 30 }, (_, index) => index + 1);
  for (const id of ["k-0", "k-49"])
    expect((await eventsOf(id)).map(({ sequenceNumber }) => sequenceNumber)).toEqual(numbers);
});

const MANY = 2_000;

test("2,000 events in EventStoreDB's JSON shape", async () => {
  const lines = Array.from({ length: MANY }, (_, n) => {
    const stream = n % 100;
    const number = Math.floor(n / 100);
    return {
      eventStreamId: `product-${stream}`,
      eventNumber: number,
      eventId: `5f0e6c1e-0000-4000-8000-${String(n).padStart(12, "0")}`,
      eventType: number === 0 ? "ProductCreated" : "PriceUpdated",
      created: `2020-01-01T00:00:${String(number + 10)}.${String(n % 1000).padStart(3, "0")}4567Z`,
      data: number === 0 ? CREATED : { price: { ...PRICE, amount: n }, previousPrice: PRICE },
      metadata: { $correlationId: `corr-${stream}`, $causationId: `cause-${n}`, userId: "eve" },
    };
  });
  const path = file("event-store-db", lines);
  const refused = await importFile(path, "--format eventstoredb");
  expect([refused.code, refused.err]).toEqual([
    1,
    expect.stringContaining("line 1: eventTime: expected a time in UTC with milliseconds"),
  ]);
  const { code, out } = await run(["import", path, "--format", "eventstoredb", "--cut-times", "--json"], {
    env: stage.env,
  });
  expect([code, JSON.parse(out)]).toEqual([
    0,
    expect.objectContaining({ events: MANY, entities: 100, imported: MANY, refused: [] }),
  ]);
  const events = await eventsOf("product-99");
  expect(events).toHaveLength(20);
  expect(events[19]).toEqual({
    entityId: "product-99",
    sequenceNumber: 20,
    aggregateType: "Product",
    eventType: "PriceUpdated",
    eventTime: "2020-01-01T00:00:29.999Z",
    eventId: "5f0e6c1e-0000-4000-8000-000000001999",
    eventData: { price: { ...PRICE, amount: 1_999 }, previousPrice: PRICE },
    version: "1.0",
    userId: "eve",
    correlationId: "corr-99",
    causationId: "cause-1999",
  });
  const links = await importFile(
    file("links", [{ ...lines[0], isMetaData: false }]),
    "--format eventstoredb --cut-times",
  );
  expect(links.err).toContain("line.isMetaData: expected one of the fields");
  const meta = await importFile(
    file("meta", [{ ...lines[0], metadata: { tenant: 1 } }]),
    "--format eventstoredb --cut-times",
  );
  expect(meta.err).toContain("metadata.tenant: expected one of the fields $correlationId, $causationId, userId");
});

describe("export", () => {
  test("prints the events of an entity with all that an append has made, and a checksum", async () => {
    const { out } = await call("export --entity i-1", { env: stage.env });
    expect(linesIn(out)).toMatchObject([
      { entityId: "i-1", eventId: "from-elsewhere-1", commandHash: "h-1", traceHeader: "Root=1" },
      { entityId: "i-1", sequenceNumber: 2 },
      { events: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    expect(linesIn((await call("export --aggregate categories", { env: stage.env })).out)).toHaveLength(1);
    expect((await call("export --aggregate Kategory", { env: stage.env })).err).toContain("did you mean Category?");
  });

  test("an empty store, import, rebuild all: every event, state and row is the same", async () => {
    const [from, to] = await Promise.all([startLocalStage(), startLocalStage()]);
    try {
      await fillWithHistory(from);
      const rebuilding = call("rebuild --all", { env: from.env });
      const path = join(folder, "export.jsonl");
      const exported = await run(["export", path], { env: from.env });
      expect(exported).toEqual({ code: 0, out: `${HISTORY} events in ${path}\n`, err: "" });
      expect((await run(["export", path], { env: from.env })).err).toContain("exists already");

      const damaged = readFileSync(path, "utf8").replace('"amount":102', '"amount":103');
      writeFileSync(join(folder, "damaged.jsonl"), damaged);
      const refused = await importFile(join(folder, "damaged.jsonl"), "", { env: to.env });
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("the checksum does not match")]);
      expect(await eventItems(to)).toEqual([]);

      expect(await importFile(path, "", { env: to.env })).toMatchObject({ code: 0 });
      const rebuilt = await Promise.all([rebuilding, call("rebuild --all", { env: to.env })]);
      expect(rebuilt.map(({ code }) => code)).toEqual([0, 0]);
      expect(await eventItems(to)).toEqual(await eventItems(from));
      const rows = await rowsOf(from);
      expect(rows.length).toBeGreaterThan(HISTORY / 2);
      expect(await rowsOf(to)).toEqual(rows);
      expect((await call("verify --all", { env: to.env })).code).toBe(0);
      for (const id of ["p-0", "p-29", "cat-1"]) expect(await stateOf(to, id)).toEqual(await stateOf(from, id));
      expect(to.published()).toEqual([]);
      expect((await call("publish status", { env: to.env })).out).toBe("0 entities\n");
    } finally {
      await Promise.all([from.stop(), to.stop()]);
    }
  });
});

const PRODUCTS = 30;
const EACH = 12;
/** The products' events, those of two categories, and one that a command has stored. */
const HISTORY = PRODUCTS * EACH + 3;

async function fillWithHistory({ engine }: LocalStage): Promise<void> {
  const store = openStore(engine, { aggregates });
  for (const id of ["cat-1", "cat-2"])
    await store.appendEvent("Category", id, "CategoryCreated", { name: id, parentId: null }, "ann", "c-1", 0);
  const products = Array.from({ length: PRODUCTS }, (_, n) => `p-${n}`);
  for (const entityId of products) {
    const events = Array.from({ length: EACH }, (_, n) => productEvent(entityId, n + 1));
    await store.appendEvents({
      aggregateType: "Product",
      entityId,
      events,
      userId: "ann",
      correlationId: `c-${entityId}`,
    });
  }
  const handle = createCommandHandler(productService, { store });
  const command = { type: "DiscontinueProduct", data: { reason: "old" } } as const;
  await handle("Product", { entityId: "p-29", command, userId: "bob", correlationId: "c-9", commandId: "once" });
}

const linesIn = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

async function stateOf({ env }: LocalStage, id: string): Promise<unknown> {
  const { state } = JSON.parse((await call(`show ${id} --json`, { env })).out);
  expect(state).toMatchObject({ name: expect.any(String) });
  return state;
}

async function itemsOf({ engine }: LocalStage, TableName: string) {
  const items: Record<string, unknown>[] = [];
  for await (const { Items = [] } of paginateScan({ client: engine.client }, { TableName })) items.push(...Items);
  return items;
}

const sorted = <T>(items: readonly T[]): T[] =>
  items
    .map((item) => [JSON.stringify(item, sortKeys), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item);

const eventItems = async (from: LocalStage) => sorted(await itemsOf(from, EVENTS));

/** Rows and checkpoints of what is served, without the number of its generation and the counts of its writes. */
async function rowsOf(from: LocalStage) {
  const items = (await itemsOf(from, READ_MODELS)) as { pk: { S: string } }[];
  const serving = new Map(
    (JSON.parse((await call("projections --json", { env: from.env })).out).projections as Serving[]).map(
      ({ projection, servingGeneration }) => [projection, servingGeneration],
    ),
  );
  const isServed = ({ pk }: { pk: { S: string } }) => {
    const [, name = "", generation = ""] = /^([a-z-]+)@(\d+)#/.exec(pk.S) ?? [];
    return serving.get(name) === Number(generation);
  };
  const withoutNumber = (item: object): unknown =>
    JSON.parse(JSON.stringify({ ...item, revision: undefined, checkpointTime: undefined }).replace(/@\d+#/g, "@#"));
  return sorted(items.filter(isServed).map(withoutNumber));
}

interface Serving {
  readonly projection: string;
  readonly servingGeneration: number;
}
