import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { newFolder, type RunningService, removeFolder, startService } from "../../support/service.ts";
import { until } from "../../support/until.ts";
import { run, start } from "./command-line.ts";

/** The projection that the bus feeds. It hears of an imported event when a later one of its entity comes. */
const BY_BUS = "user-activity";

interface ReadModel {
  readonly projection: string;
  readonly checkpoint: number;
}

/** The whole of `npm start`, with its projectors, publisher and snapshotter at work. */
const folder = newFolder();
let service: RunningService;
beforeAll(async () => {
  service = await startService(folder);
});
afterAll(async () => {
  await service.interrupt();
  removeFolder(folder);
});

const streamfold = (...args: string[]) => run(args, { env: { STREAMFOLD_DATA: folder, USER: "ann" } });
const json = async (...args: string[]) => JSON.parse((await streamfold(...args, "--json")).out);
const PRICE = { amount: 450, currency: "EUR" };

const archived = async (entityId: string): Promise<number[]> => {
  const { events } = (await (await fetch(`${service.bus}/archive`)).json()) as {
    events: { event: { detail: { entityId?: string; sequenceNumber?: number } } }[];
  };
  return events.flatMap(({ event: { detail } }) => (detail.entityId === entityId ? [detail.sequenceNumber ?? 0] : []));
};

test("a command from the shell goes the whole way, and can be followed, shown and published again", async () => {
  const tail = start("tail --count 1 --type PriceUpdated --json", { env: { STREAMFOLD_DATA: folder } });
  await streamfold("send", "CreateProduct", "tea", "--data", JSON.stringify({ name: "Tea", price: PRICE }));
  let amount = 500;
  await until(async () => {
    amount += 1;
    await streamfold("send", "ChangePrice", "tea", "--data", JSON.stringify({ price: { ...PRICE, amount } }));
    return tail.child.exitCode === null ? undefined : true;
  }, "tail to have seen a price");
  expect(JSON.parse((await tail.ended).out)).toMatchObject({
    entityId: "tea",
    eventType: "PriceUpdated",
    userId: "ann",
  });

  const caughtUp = await until(async () => {
    const shown = await json("show", "tea");
    const isThere =
      shown.published === shown.head &&
      shown.readModels.every(({ checkpoint }: ReadModel) => checkpoint === shown.head);
    return isThere ? shown : undefined;
  }, "read models and bus to have caught up");
  expect(caughtUp).toMatchObject({ aggregateType: "Product", state: { price: { amount } } });
  const { projections, publisher } = await json("projections");
  expect(projections.map((one: { eventsBehind: number }) => one.eventsBehind)).toEqual([0, 0, 0, 0]);
  expect(publisher.eventsBehind).toBe(0);

  const all = Array.from({ length: caughtUp.head }, (_, index) => index + 1);
  expect(await archived("tea")).toEqual(all);
  expect(await json("publish", "--from", "2020-01-01", "--yes")).toMatchObject({
    entities: 1,
    published: caughtUp.head,
    failed: 0,
  });
  await until(
    async () => ((await archived("tea")).length >= 2 * all.length ? true : undefined),
    "the bus to have them again",
  );
  expect((await archived("tea")).slice(all.length)).toEqual(expect.arrayContaining(all));
}, 120_000);

test("imported events reach the read models and not the bus, while everything runs", async () => {
  const lines = [
    {
      entityId: "old",
      eventType: "ProductCreated",
      eventTime: "2019-01-01T00:00:00.000Z",
      data: { name: "Old", description: "", price: PRICE, categoryId: null },
    },
    {
      entityId: "old",
      eventType: "ProductDescribed",
      eventTime: "2019-01-02T00:00:00.000Z",
      data: { description: "x" },
    },
  ];
  writeFileSync(`${folder}/old.jsonl`, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  expect(await json("import", `${folder}/old.jsonl`)).toMatchObject({ imported: 2, onBus: false });
  await until(async () => {
    const { readModels } = await json("show", "old");
    const byStream = readModels.filter(({ projection }: ReadModel) => projection !== BY_BUS);
    return byStream.every(({ checkpoint }: ReadModel) => checkpoint === 2) ? true : undefined;
  }, "the read models to have the imported events");
  await streamfold("send", "DescribeProduct", "old", "--data", '{"description":"new"}');
  await until(
    async () => ((await archived("old")).length > 0 ? true : undefined),
    "the bus to have the event after them",
  );
  expect(await archived("old")).toEqual([3]);
  await until(async () => {
    const { readModels } = await json("show", "old");
    return readModels.every(({ checkpoint }: ReadModel) => checkpoint === 3) ? true : undefined;
  }, "the read model behind the bus to have them all, from the store");
  expect(await json("doctor")).toMatchObject({
    findings: expect.not.arrayContaining([expect.objectContaining({ result: "fail" })]),
  });
}, 120_000);
