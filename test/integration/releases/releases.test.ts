import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type AttributeValue, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "@jest/globals";
import { load } from "../../../src/index.ts";
import { EVENTS, READ_MODELS, SNAPSHOTS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { type BusMessage, consume, readAll, type Tables, wire } from "../../support/releases/parts.ts";
import { batchesOf, ENTITIES, OPEN_LOAN, writeRelease } from "../../support/releases/write.ts";
import { member } from "../library/service/src/library.ts";

const FOLDER = fileURLToPath(new URL("../../fixtures/releases/", import.meta.url));

interface Release {
  readonly tables: Tables;
  readonly bus: readonly BusMessage[];
  /** What the release itself read in its tables, and a subscriber of it on the bus. */
  readonly expected: { readonly read: object; readonly consumed: readonly object[] };
}

async function withEngine<T>(work: (engine: TestEngine) => Promise<T>): Promise<T> {
  const engine = await startTestEngine();
  try {
    return await work(engine);
  } finally {
    await engine.stop();
  }
}

/** `RELEASE=1.2.3` writes the tables of that release, once: docs/versioning.md. */
const written = process.env.RELEASE;
if (written !== undefined)
  test(`release ${written} is written down`, async () => {
    const file = `${FOLDER}${written}.json`;
    expect(existsSync(file)).toBe(false);
    const release = await withEngine((engine) => writeRelease(engine, wire(engine)));
    writeFileSync(file, `${JSON.stringify(release, null, 1)}\n`);
  });

const RELEASES = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ""));
const releaseOf = (name: string) => JSON.parse(readFileSync(`${FOLDER}${name}.json`, "utf8")) as Release;

test("there is a release to read", () => expect(RELEASES.length).toBeGreaterThan(0));

async function fill(engine: TestEngine, tables: Tables): Promise<void> {
  const names = { events: EVENTS, snapshots: SNAPSHOTS, readModels: READ_MODELS };
  for (const [table, TableName] of Object.entries(names))
    for (const item of tables[table as keyof Tables])
      await engine.client.send(new PutItemCommand({ TableName, Item: item as Record<string, AttributeValue> }));
}

test.each(RELEASES)("what release %s wrote is read as that release read it, and gone on with", async (name) => {
  const { tables, expected } = releaseOf(name);
  await withEngine(async (engine) => {
    await fill(engine, tables);
    const service = wire(engine);
    const { store, handle, projector, publisher, bus } = service;
    expect(await readAll(service, ENTITIES)).toMatchObject(expected.read);
    expect(await load(store, member, "m-1")).toMatchObject({ version: 2, state: { status: "active" } });

    // A command of then, sent again, answers as it did; checkpoints and progress of then pass what they have passed.
    expect(await handle("Loan", OPEN_LOAN)).toMatchObject({ version: 1, repeated: true });
    const outcomes = await projector.project(await batchesOf(store));
    expect(outcomes.map(({ applied }) => applied)).toEqual(outcomes.map(() => 0));
    expect(await publisher.publish(await batchesOf(store))).toMatchObject({ published: 0, parked: 0 });

    const more = { ...OPEN_LOAN, commandId: "open-2" };
    expect(await handle("Loan", more)).toMatchObject({ version: 3, repeated: false });
    await projector.project(await batchesOf(store));
    await publisher.publish(await batchesOf(store));
    expect(bus.map(({ detailType }) => detailType)).toEqual(["LoanOpened"]);
    const { shelf } = expected.read as { shelf: { available: number }[] };
    const { shelf: now } = (await readAll(service, ENTITIES)) as { shelf: { available: number }[] };
    expect(sum(now)).toBe(sum(shelf) - 1);
  });
});

const sum = (rows: readonly { readonly available: number }[]) =>
  rows.reduce((total, { available }) => total + available, 0);

test.each(RELEASES)("a subscriber of today takes what release %s published", async (name) => {
  const { bus, expected } = releaseOf(name);
  expect(await consume(bus)).toMatchObject(expected.consumed);
});
