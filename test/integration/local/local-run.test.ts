import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { DynamoDBStreamEvent } from "aws-lambda";
import { type LocalRun, startLocalRun } from "../../../src/local/local-run.ts";
import { freePort } from "../../../src/local/ports.ts";
import { readRecords } from "../../../src/stream/index.ts";
import { serviceDefinition, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { openStore } from "../../support/store.ts";
import { until } from "../../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "local-run-"));
let engine: TestEngine;
let run: LocalRun;
const projected: string[] = [];
beforeAll(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" });
  engine = await startTestEngine();
  const definition = serviceDefinition();
  expect(definition.streams.map(({ onFailure }) => onFailure)).toEqual([
    "StreamFailuresBucket",
    "StreamFailuresBucket",
  ]);
  run = await startLocalRun({
    definition: { ...definition, streams: definition.streams.map((stream) => ({ ...stream, maxRetries: 1 })) },
    invoke: async (functionKey, event) => {
      const texts = readRecords((event as DynamoDBStreamEvent).Records).map(
        (one) => `${one.entityId} ${one.sequenceNumber}`,
      );
      if (functionKey === "projector" && texts.some((text) => text.startsWith("cursed"))) throw new Error("cursed");
      if (functionKey === "projector") projected.push(...texts);
      return { batchItemFailures: [] };
    },
    engineEndpoint: engine.endpoint,
    folder,
    busPort: await freePort(),
    log: () => undefined,
    idleMs: 10,
  });
});
afterAll(async () => {
  await run?.stop();
  await engine?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("what a function fails on for good is kept, record by record, in the bucket that serverless.yml names", async () => {
  const store = openStore(engine);
  await store.appendEvent("Thing", "well", "ThingDone", {}, "ann", "c-1", 0);
  await store.appendEvent("Thing", "cursed", "ThingDone", { n: 7 }, "ann", "c-1", 0);
  const bucket = join(folder, "buckets", "StreamFailuresBucket");
  const file = await until(() => {
    const files = existsSync(bucket) ? readdirSync(bucket, { recursive: true, encoding: "utf8" }) : [];
    return files.find((name) => /^aws\/lambda\/projector\/shard\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT/.test(name));
  }, "an object in the bucket");
  expect(projected).toEqual(["well 1"]);
  const object = JSON.parse(readFileSync(join(bucket, file), "utf8"));
  expect(object).toMatchObject({
    requestContext: { condition: "RetryAttemptsExhausted", approximateInvokeCount: 2 },
    DDBStreamBatchInfo: { batchSize: 1 },
  });
  const [record] = readRecords((JSON.parse(object.payload) as DynamoDBStreamEvent).Records);
  expect(record).toMatchObject({ entityId: "cursed", sequenceNumber: 1, event: { eventData: { n: 7 } } });
});
