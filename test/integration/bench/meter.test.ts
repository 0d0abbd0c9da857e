import { ConditionalCheckFailedException, type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type BenchEngine, benchEngine, CLIENT_KINDS } from "../../../scripts/bench/engine.ts";
import { countRequests, Meter, requestCounter } from "../../../scripts/bench/meter.ts";

const TABLE = "Meter-Events";
let engine: BenchEngine;
beforeAll(async () => {
  engine = await benchEngine();
  await engine.createEvents(TABLE, "none");
});
afterAll(() => engine.stop());

const putNew = (client: DynamoDBClient, entityId: string) =>
  client.send(
    new PutItemCommand({
      TableName: TABLE,
      Item: { entityId: { S: entityId }, sequenceNumber: { N: "1" } },
      ConditionExpression: "attribute_not_exists(entityId)",
    }),
  );

/** The engine does what it is asked for, and its first answer is lost. */
function loseFirstAnswer(client: DynamoDBClient): void {
  let isLost = false;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      if (isLost) return result;
      isLost = true;
      throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET", name: "TimeoutError" });
    },
    { step: "deserialize", priority: "low" },
  );
}

test.each(CLIENT_KINDS)("%s client: a put whose condition fails is a request, without capacity units", async (kind) => {
  const client = engine.connect(kind);
  const meter = new Meter(client);
  const taken = requestCounter(client);
  await putNew(client, `once-${kind}`);
  await expect(putNew(client, `once-${kind}`)).rejects.toThrow(ConditionalCheckFailedException);
  expect(meter.take()).toEqual({ requests: 2, read: 0, write: 1, operations: ["PutItem", "PutItem"] });
  expect(meter.take()).toEqual({ requests: 0, read: 0, write: 0, operations: [] });
  expect([taken(), taken()]).toEqual([2, 0]);
});

test.each(CLIENT_KINDS)("%s client: what the SDK sends again is counted again", async (kind) => {
  const client = engine.connect(kind);
  const meter = new Meter(client);
  const count = countRequests(client, TABLE);
  loseFirstAnswer(client);
  await expect(putNew(client, `again-${kind}`)).rejects.toThrow(ConditionalCheckFailedException);
  expect(meter.take().operations).toEqual(["PutItem", "PutItem"]);
  expect(count.sent).toBe(2);
});
