import type { IncomingHttpHeaders } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { buildConsole } from "../../../src/console/build.mjs";
import { type Listening, listen, readBody } from "../../../src/local/listen.ts";
import { until } from "../../support/until.ts";
import { call } from "./test-io.ts";

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let api: Listening;
const asked: Asked[] = [];
beforeAll(async () => {
  await buildConsole();
  api = await listen(async (request, response) => {
    const { method, url, headers } = request;
    asked.push({ method, url, headers, body: (await readBody(request, 100_000)).toString() });
    response.writeHead(200, { "content-type": "application/json", etag: '"3"', "set-cookie": "no=thanks" });
    response.end("{}");
  }, 0);
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "AK", AWS_SECRET_ACCESS_KEY: "secret", AWS_REGION: "eu-central-1" });
});
afterAll(() => api.stop());
beforeEach(() => void asked.splice(0));

/** The command, and where its page is. */
async function open(...args: string[]) {
  const stopping = new AbortController();
  const lines: string[] = [];
  const ended = call(["console", ...args, "--json"], {
    signal: stopping.signal,
    heard: (text: string) => void lines.push(text),
  });
  const said = await until(() => lines.find((line) => line.includes("http")), "the address of the page");
  const { console: page } = JSON.parse(said) as { console: string };
  return {
    page,
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
}

test("the page comes from here, and what it asks for is signed and handed on to the API", async () => {
  const { page, stop } = await open("--url", `${api.endpoint}/dev/`);
  expect(await (await fetch(page)).text()).toContain("<title>");
  expect(asked).toEqual([]);
  const answer = await fetch(`${page}/api/operations/events?limit=2&type=A%20B`);
  expect([answer.status, answer.headers.get("etag"), answer.headers.get("set-cookie")]).toEqual([200, '"3"', null]);
  await fetch(`${page}/api/products/a%2Fb/rename`, {
    method: "POST",
    headers: { "content-type": "application/json", "if-match": '"3"', cookie: "secret=1" },
    body: '{"name":"x"}',
  });
  await fetch(`${page}/live`, { headers: { "last-event-id": "7" } });
  expect(asked.map(({ method, url, body }) => [method, url, body])).toEqual([
    ["GET", "/dev/operations/events?limit=2&type=A%20B", ""],
    ["POST", "/dev/products/a%2Fb/rename", '{"name":"x"}'],
    ["GET", "/dev/operations/live", ""],
  ]);
  for (const { headers } of asked)
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AK\/\d{8}\/eu-central-1\/execute-api\/aws4_request, SignedHeaders=[^,]*host/,
    );
  expect(asked[1]?.headers).toMatchObject({ "if-match": '"3"' });
  expect(asked[1]?.headers.cookie).toBeUndefined();
  expect(asked[2]?.headers).toMatchObject({ "last-event-id": "7" });
  expect(await stop()).toMatchObject({ code: 0 });
});

test("a token is sent as it is, and nothing else lets the request in", async () => {
  const { page, stop } = await open("--url", api.endpoint, "--token", "t-1");
  await fetch(`${page}/api/operations/service`);
  expect(asked[0]?.headers.authorization).toBe("Bearer t-1");
  await stop();
});

test("without an address of an API it says what it expects", async () => {
  for (const args of [["console"], ["console", "--url", "nonsense"]])
    expect(await call(args)).toMatchObject({ code: 2, err: expect.stringContaining("--url: expected the address") });
});
