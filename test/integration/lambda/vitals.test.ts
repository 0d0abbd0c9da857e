import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import type { Context } from "aws-lambda";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { setLambdaEnvironment } from "../../support/lambda.ts";
import { openStore } from "../../support/store.ts";

/** CloudWatch's embedded metric format, as far as it is looked at. */
interface Emitted {
  readonly _aws: { readonly CloudWatchMetrics: { readonly Namespace: string; readonly Dimensions: string[][] }[] };
  readonly service: string;
  readonly projection?: string;
  readonly ParkedEntities?: number;
  readonly OldestWaitingSeconds?: number;
  readonly EventsBehind?: number;
}

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
  setLambdaEnvironment({
    AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
    POWERTOOLS_DEV: "true",
    POWERTOOLS_METRICS_DISABLED: "false",
    POWERTOOLS_SERVICE_NAME: "ProductService-dev",
    PARK_AFTER: "1",
  });
});
afterAll(() => engine.stop());

const context = { getRemainingTimeInMillis: () => 60_000 } as Context;

/** What a handler prints for CloudWatch. */
async function emitted(act: () => Promise<unknown>): Promise<Emitted[]> {
  const print = jest.spyOn(console, "log").mockImplementation(() => undefined);
  try {
    await act();
    const lines = print.mock.calls.map(([line]) =>
      typeof line === "string" ? (JSON.parse(line) as Emitted) : undefined,
    );
    return lines.filter((line): line is Emitted => line?._aws !== undefined);
  } finally {
    print.mockRestore();
  }
}

test("tells what waits and what is parked from the tables, under the dimensions that the alarms look at", async () => {
  const { handler: project } = await import("../../../src/product/functions/projector.ts");
  const { handler: tell } = await import("../../../src/product/functions/vitals.ts");
  const store = openStore(engine);
  await store.appendEvent("Product", "poison", "ProductCreated", { name: 7 }, "ann", "c-1", 0);
  const Keys = { entityId: { S: "poison" }, sequenceNumber: { N: "1" } };
  await emitted(() =>
    project({ Records: [{ eventName: "INSERT", dynamodb: { Keys, SequenceNumber: "1" } }] }, context),
  );
  const waiting = openStore(engine, { clock: () => new Date(Date.now() - 600_000) });
  await waiting.appendEvent("Category", "waiting", "CategoryCreated", { name: "Tea", parentId: null }, "ann", "c-1", 0);

  const all = await emitted(() => tell());
  const totals = all.filter(({ projection }) => projection === undefined);
  expect(totals).toHaveLength(1);
  const [total] = totals;
  expect(total?._aws.CloudWatchMetrics[0]).toMatchObject({ Namespace: "Streamfold", Dimensions: [["service"]] });
  expect(total).toMatchObject({ service: "ProductService-dev" });
  expect(total?.ParkedEntities).toBeGreaterThanOrEqual(1);
  expect(total?.OldestWaitingSeconds).toBeGreaterThanOrEqual(595);
  const behind = all.filter((one) => one.EventsBehind !== undefined);
  expect(behind.find(({ projection }) => projection === "category-tree")).toMatchObject({ EventsBehind: 1 });
  const parked = all.filter((one) => one.projection !== undefined && (one.ParkedEntities ?? 0) > 0);
  expect(parked.reduce((sum, one) => sum + (one.ParkedEntities ?? 0), 0)).toBe(total?.ParkedEntities);
});

test("a batch tells what was applied, a set a projection", async () => {
  const { handler: project } = await import("../../../src/product/functions/projector.ts");
  const Keys = { entityId: { S: "waiting" }, sequenceNumber: { N: "1" } };
  const all = await emitted(() =>
    project({ Records: [{ eventName: "INSERT", dynamodb: { Keys, SequenceNumber: "2" } }] }, context),
  );
  const applied = all.filter((one) => "Applied" in one);
  expect(applied.map(({ projection, service }) => [projection, service])).toEqual([
    ["category-tree", "ProductService-dev"],
  ]);
  expect(applied).toMatchObject([{ Applied: 1 }]);
});
