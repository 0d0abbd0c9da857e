import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { apiEvent, type Handler, setLambdaEnvironment } from "../../support/lambda.ts";

let engine: TestEngine;
let handler: Handler;
beforeAll(async () => {
  engine = await startTestEngine();
  setLambdaEnvironment({
    AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
    TRUST_USER_HEADER: "false",
    PUBLISH_USER_ID: "true",
  });
  handler = (await import("../../../src/product/functions/api.ts")).handler as Handler;
});
afterAll(() => engine.stop());

const usd = (amount: number) => ({ amount, currency: "USD" });

function as(user: string) {
  const authorizer = { iam: { userArn: `arn:aws:iam::123456789012:user/${user}` } };
  return async (method: string, path: string, body?: object, headers: object = {}, more: object = {}) => {
    const event = apiEvent(method, path, body, headers) as { requestContext: object };
    const answer = await handler({ ...event, requestContext: { ...event.requestContext, authorizer, ...more } }, {});
    return {
      status: answer.statusCode,
      headers: answer.headers ?? {},
      body: answer.body ? JSON.parse(answer.body) : undefined,
    };
  };
}
const ann = as("ann");
const bob = as("bob");

describe("a user", () => {
  test("reads what that user did, under an id with slashes, and not what others did", async () => {
    const own = "arn:aws:iam::123456789012:user/ann";
    expect((await ann("POST", "/products", { productId: "p-1", name: "Tea", price: usd(1) })).status).toBe(201);
    const { handler: projectMessages } = await import("../../../src/product/functions/bus-projector.ts");
    const message = { messageId: "m", body: JSON.stringify({ detail: { entityId: "p-1", sequenceNumber: 1 } }) };
    await (projectMessages as Handler)({ Records: [message] }, { getRemainingTimeInMillis: () => 60_000 });
    expect(await ann("GET", `/users/${own}/activity`)).toMatchObject({
      status: 200,
      body: { rows: [{ entityId: "p-1", did: "ProductCreated", userId: own }] },
    });
    expect(await ann("GET", `/users/${encodeURIComponent(own)}/activity`)).toMatchObject({ status: 200 });
    expect(await bob("GET", `/users/${own}/activity`)).toMatchObject({ status: 403, body: { title: "Forbidden" } });
  });

  test("is told with the event where the stage publishes it, on the bus and where gaps are fetched alike", async () => {
    const { body } = await bob("GET", "/entities/p-1/published");
    expect(body.events).toMatchObject([{ eventType: "ProductCreated", userId: "arn:aws:iam::123456789012:user/ann" }]);
  });

  test("does not get another's answer with another's key", async () => {
    const body = { name: "Tea", price: usd(2) };
    const [first, again, other] = [
      await ann("POST", "/products", body, { "idempotency-key": "k" }),
      await ann("POST", "/products", body, { "idempotency-key": "k" }),
      await bob("POST", "/products", body, { "idempotency-key": "k" }),
    ];
    expect(again.body).toEqual({ ...first.body, repeated: true });
    expect(other.body).toMatchObject({ repeated: false });
    expect(other.body.entityId).not.toBe(first.body.entityId);
    const id = first.body.entityId;
    expect(
      (await ann("POST", `/products/${id}/change-price`, { price: usd(5) }, { "idempotency-key": "c" })).body,
    ).toMatchObject({ repeated: false });
    expect(
      (await bob("POST", `/products/${id}/change-price`, { price: usd(6) }, { "idempotency-key": "c" })).body,
    ).toMatchObject({ repeated: false });
  });
});

describe("If-Match", () => {
  beforeAll(async () => {
    await ann("POST", "/products", { productId: "tagged", name: "Tea", price: usd(1) });
    await ann("POST", "/products/tagged/rename", { name: "Tea 2" });
  });
  const rename = (tag: string, name: string) => ann("POST", "/products/tagged/rename", { name }, { "if-match": tag });

  test.each([
    ['W/"2"', 412],
    ['"abc"', 412],
    ['"7"', 412],
    ['"7", W/"2"', 412],
    ["2", 400],
    ['"2', 400],
  ])("%s answers %d", async (tag, status) => {
    expect((await rename(tag, `no ${tag}`)).status).toBe(status);
  });

  test('"n", a list that has it, and * let the command through', async () => {
    expect(await rename('"2"', "a")).toMatchObject({ status: 200, headers: { etag: '"3"' } });
    expect(await rename('"9", "3"', "b")).toMatchObject({ status: 200, headers: { etag: '"4"' } });
    expect(await rename("*", "c")).toMatchObject({ status: 200, headers: { etag: '"5"' } });
    expect((await ann("POST", "/products/nothing/rename", { name: "x" }, { "if-match": "*" })).status).toBe(404);
  });
});

describe("what is not for the API gets a problem document", () => {
  test.each([
    ["DELETE", "/products/p-1", undefined, 405],
    ["PUT", "/products", undefined, 405],
    ["GET", "/nothing", undefined, 404],
    ["GET", "/products/p-1", { a: 1 }, 400],
    ["GET", "/products/%E0%A4%A", undefined, 404],
    ["GET", "/products/a?b", undefined, 400],
    ["GET", "//x/y", undefined, 404],
  ])("%s %s", async (method, path, body, status) => {
    const answer = await ann(method, path, body);
    expect(answer).toMatchObject({ status, headers: { "content-type": expect.stringContaining("problem+json") } });
    expect(answer.body).toMatchObject({ status, detail: expect.any(String) });
  });

  test("no body is no body, however it comes", async () => {
    for (const body of [undefined, null, ""]) {
      const event = apiEvent("GET", "/products") as { requestContext: object };
      const authorizer = { iam: { userArn: "arn:aws:iam::123456789012:user/ann" } };
      const answer = await handler({ ...event, body, requestContext: { ...event.requestContext, authorizer } }, {});
      expect(answer.statusCode).toBe(200);
    }
  });

  test("a method that there is not comes with those that there are", async () => {
    expect((await ann("DELETE", "/products")).headers).toMatchObject({ allow: "GET, HEAD, POST" });
  });

  test("OPTIONS, which a browser asks before a request from another page, is answered without an identity", async () => {
    const unknown = { authorizer: undefined };
    const headers = { origin: "https://shop.example.org" };
    expect(await ann("OPTIONS", "/products", undefined, headers, unknown)).toMatchObject({
      status: 204,
      headers: { allow: "GET, HEAD, POST" },
    });
    expect((await ann("OPTIONS", "/nothing", undefined, headers, unknown)).status).toBe(404);
  });

  test("behind a stage and behind a mapping the API is the same", async () => {
    expect(await ann("GET", "/dev/products", undefined, {}, { stage: "dev" })).toMatchObject({ status: 200 });
    expect(await ann("GET", "/shop/products")).toMatchObject({ status: 200 });
  });

  test("ids take a plus sign", async () => {
    expect((await ann("POST", "/products", { productId: "g++-12", name: "g++", price: usd(1) })).status).toBe(201);
    expect((await ann("POST", "/products/g++-12/change-price", { price: usd(2) })).status).toBe(200);
  });
});
