import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { GenerationsCache } from "../../../src/projector/dynamodb/index.ts";
import { listParked } from "../../../src/stream/index.ts";
import { putEvents, storedEvent } from "../../support/bare-table.ts";
import { documents, EVENTS, READ_MODELS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { type Handler, setLambdaEnvironment } from "../../support/lambda.ts";
import { newEntity, openStore } from "../../support/store.ts";

const context = { getRemainingTimeInMillis: () => 60_000 };

let engine: TestEngine;
let handler: Handler;
beforeAll(async () => {
  engine = await startTestEngine();
  setLambdaEnvironment({ AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint, PARK_AFTER: "2" });
  handler = (await import("../../../src/product/functions/bus-projector.ts")).handler as Handler;
});
afterAll(() => engine.stop());

const table = () => ({ client: documents(engine.client), name: READ_MODELS });
const bodyOf = (entityId: string, sequenceNumber: unknown) => JSON.stringify({ detail: { entityId, sequenceNumber } });

async function created(): Promise<string> {
  const entity = newEntity("p");
  const data = { name: "Tea", description: "", price: { amount: 1, currency: "EUR" }, categoryId: null };
  await openStore(engine).appendEvent("Product", entity, "ProductCreated", data, `user-of-${entity}`, "c-1", 0);
  return entity;
}

async function deliver(bodies: readonly string[]): Promise<string[]> {
  const Records = bodies.map((body, n) => ({ messageId: String(n), body }));
  const { batchItemFailures } = await handler({ Records }, context);
  return batchItemFailures.map(({ itemIdentifier }: { itemIdentifier: string }) => itemIdentifier);
}

async function activityOf(entity: string): Promise<unknown[]> {
  const { createRowReader } = await import("../../../src/projector/dynamodb/index.ts");
  const { userActivity } = await import("../../../projections/user-activity.ts");
  const reader = createRowReader(table(), new GenerationsCache(table(), () => new Date(), 0, "reads"), userActivity);
  return (await reader.list("byUser", `user-of-${entity}`, { limit: 10 })).rows.map((row) => [row.entityId, row.did]);
}

async function parked(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { entityId } of listParked(table(), "user-activity")) ids.push(entityId);
  return ids;
}

test.each([
  ["no JSON", () => "{"],
  ["null", () => "null"],
  ["a list", () => "[]"],
  ["no detail", () => '{"detail":null}'],
  ["a sequence number that the entity has not come to", (entity: string) => bodyOf(entity, 99)],
  ["half a sequence number", (entity: string) => bodyOf(entity, 1.5)],
  ["a sequence number as text", (entity: string) => bodyOf(entity, "1")],
  ["an entity that there is not", () => bodyOf("nobody", 1)],
  ["an id that is no key", () => bodyOf("x".repeat(3_000), 1)],
])("a message with %s fails alone, and parks nobody", async (_, forge) => {
  const good = await Promise.all(Array.from({ length: 9 }, created));
  const bodies = good.map((entity) => bodyOf(entity, 1));
  for (let delivery = 0; delivery < 3; delivery += 1)
    expect(await deliver([forge(good[0]!), ...bodies])).toEqual(["0"]);
  for (const entity of good) expect(await activityOf(entity)).toEqual([[entity, "ProductCreated"]]);
  expect(await parked()).toEqual([]);
});

test("an event that the store cannot read fails alone, and is parked in the end", async () => {
  const good = await created();
  const unreadable = storedEvent({
    entityId: newEntity("p"),
    sequenceNumber: 1,
    aggregateType: "Product",
    eventType: "ProductCreated",
    version: "99.0",
  });
  await putEvents(engine.client, EVENTS, 1, () => unreadable);
  const bodies = [bodyOf(unreadable.entityId, 1), bodyOf(good, 1)];
  expect(await deliver(bodies)).toEqual(["0"]);
  expect(await activityOf(good)).toEqual([[good, "ProductCreated"]]);
  expect(await deliver(bodies)).toEqual([]);
  expect(await parked()).toEqual([unreadable.entityId]);
});
