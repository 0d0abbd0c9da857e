import { describe, expect, test } from "@jest/globals";
import { type ClientOptions, createClient } from "../../../src/client.ts";
import { productService } from "../../../src/product/service.ts";

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

/** A client in front of scripted answers; an Error stands for a lost connection. */
function scripted(answers: (Error | [number, unknown, Record<string, string>?])[], more: Partial<ClientOptions> = {}) {
  const sent: Sent[] = [];
  const pauses: number[] = [];
  let ids = 0;
  const client = createClient<typeof productService>({
    baseUrl: "https://api.example.com",
    newId: () => `id-${++ids}`,
    pause: async (milliseconds) => void pauses.push(milliseconds),
    fetch: async (url, init) => {
      sent.push({
        method: String(init?.method),
        url: String(url),
        headers: init?.headers as Record<string, string>,
        body: init?.body && JSON.parse(String(init.body)),
      });
      const answer = answers.shift();
      if (answer instanceof Error || !answer) throw answer ?? new Error("no more answers");
      const [status, body, headers = {}] = answer;
      return new Response(JSON.stringify(body), { status, headers });
    },
    ...more,
  });
  return { client, sent, pauses };
}
const stored = { entityId: "p-1", version: 2, events: ["PriceUpdated"], repeated: false };
const price = { price: { amount: 5, currency: "USD" } };

describe("a command", () => {
  test("carries its key, its expected version and its links", async () => {
    const { client, sent } = scripted([[200, stored]]);
    const links = { expectedVersion: 1, correlationId: "corr", causationId: "event-1" };
    expect(await client.products("p/1").changePrice(price, links)).toEqual(stored);
    expect(sent).toEqual([
      {
        method: "POST",
        url: "https://api.example.com/products/p%2F1/change-price",
        headers: {
          "idempotency-key": "id-1",
          "x-correlation-id": "corr",
          "x-causation-id": "event-1",
          "if-match": '"1"',
          "content-type": "application/json",
        },
        body: price,
      },
    ]);
  });

  test("is sent again under the same key after a lost connection and after 503, which says when", async () => {
    const { client, sent, pauses } = scripted([new Error("lost"), [503, {}, { "retry-after": "1" }], [200, stored]]);
    await client.products("p-1").changePrice(price);
    expect(new Set(sent.map(({ headers }) => headers["idempotency-key"]))).toEqual(new Set(["id-1"]));
    expect(pauses).toEqual([100, 1_000]);
  });

  test("is not sent again when the answer would be the same", async () => {
    const problem = { type: "urn:x", title: "Precondition failed", status: 412, detail: "p-1 is at 3" };
    const { client, sent } = scripted([[412, problem, { "x-correlation-id": "c" }]]);
    await expect(client.products("p-1").changePrice(price, { expectedVersion: 1 })).rejects.toMatchObject({
      code: "PROBLEM",
      status: 412,
      problem,
      correlationId: "c",
    });
    expect(sent).toHaveLength(1);
  });

  test("of the wrong form is not sent at all", async () => {
    const { client, sent } = scripted([], { service: productService });
    await expect(client.products("p-1").changePrice({ price: { amount: -1, currency: "USD" } })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      field: "ChangePrice.price.amount",
    });
    expect(sent).toEqual([]);
  });
});

test("requests are signed when credentials are given", async () => {
  const iam = { region: "eu-central-1", credentials: { accessKeyId: "AKIA", secretAccessKey: "secret" } };
  const { client, sent } = scripted([[200, {}]], { iam });
  await client.get("/products?status=active");
  expect(sent[0]!.headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIA\/\d+\/eu-central-1\/execute-api\/aws4_request/,
  );
});

test("a client gives up after its attempts", async () => {
  const { client, sent } = scripted([new Error("a"), new Error("b")], { attempts: 2 });
  await expect(client.get("/products")).rejects.toThrow("no answer in 2 attempts");
  expect(sent).toHaveLength(2);
});

describe("a client", () => {
  test.each(["https://api.example.com/shop", "https://api.example.com/shop/", "https://api.example.com/v1/shop//"])(
    "keeps the path of %s",
    async (baseUrl) => {
      const { client, sent } = scripted(
        [
          [200, {}],
          [200, stored],
        ],
        { baseUrl },
      );
      await client.get("/products?limit=1");
      await client.products("a/b").changePrice(price);
      const base = baseUrl.replace(/\/+$/, "");
      expect(sent.map(({ url }) => url)).toEqual([`${base}/products?limit=1`, `${base}/products/a%2Fb/change-price`]);
    },
  );

  test.each([
    ["2", 2_000],
    ["Fri, 27 Nov 2026 12:00:05 GMT", 5_000],
    ["Fri, 27 Nov 2026 11:00:00 GMT", 100],
    ["soon", 100],
    ["-3", 100],
    ["1e9", 100],
    ["999999999999", 60_000],
    ["", 100],
  ])("waits for a Retry-After of %j as it says, never for ever and never not at all", async (header, expected) => {
    const clock = () => new Date("2026-11-27T12:00:00Z");
    const { client, pauses } = scripted(
      [
        [503, {}, { "retry-after": header }],
        [200, {}],
      ],
      { clock },
    );
    await client.get("/products");
    expect(pauses).toEqual([expected]);
  });

  test("asks again for a version that the read model has not reached", async () => {
    const { client } = scripted([
      [409, {}, { "retry-after": "1" }],
      [200, { version: 2 }],
    ]);
    expect(await client.get("/products/p-1?atLeastVersion=2")).toEqual({ version: 2 });
  });
});

test.each([".", "..", "\ud800"])("the id %j is refused: no path can hold it", async (id) => {
  const { client, sent } = scripted([]);
  await expect(client.products(id).changePrice(price)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", field: "id" });
  expect(sent).toEqual([]);
});

test("no base URL, and a header that cannot be sent, are told at once", async () => {
  expect(() => createClient<typeof productService>({} as ClientOptions)).toThrow("options.baseUrl: expected a URL");
  const { client, sent } = scripted([], { headers: { "x-name": "a\nb" } });
  await expect(client.get("/products")).rejects.toThrow(/header/i);
  expect(sent).toEqual([]);
});
