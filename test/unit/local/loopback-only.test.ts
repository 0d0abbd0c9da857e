import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { guardAllServers, isLoopback, refusalOf } from "../../../src/local/loopback-only.ts";

test.each(["localhost", "localhost:3000", "app.localhost:1", "127.0.0.1:3000", "127.8.9.1", "[::1]:80"])(
  "%s is this machine",
  (authority) => {
    expect(isLoopback(authority)).toBe(true);
  },
);

test.each([
  "",
  "example.org",
  "localhost.example.org",
  "127.0.0.1.example.org",
  "notlocalhost",
  "user@127.0.0.1",
  "127.0.0.1/x",
  "0.0.0.0",
  "192.168.0.1",
  "[::2]",
  "a b",
])("'%s' is not", (authority) => {
  expect(isLoopback(authority)).toBe(false);
});

test.each([
  ["a program", "POST", { host: "127.0.0.1:1" }],
  ["a page of this machine", "POST", { host: "127.0.0.1:1", origin: "http://localhost:5173" }],
  [
    "a link that is followed",
    "GET",
    { host: "localhost:1", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
  ],
  ["an address that is typed", "GET", { host: "localhost:1", "sec-fetch-site": "none", "sec-fetch-mode": "navigate" }],
])("%s is let in", (_who, method, headers) => {
  expect(refusalOf({ method, headers })).toBeUndefined();
});

test.each([
  ["a name that leads here", "GET", { host: "evil.example:3000" }, "Host"],
  ["nobody", "GET", {}, "Host"],
  ["a page from elsewhere", "POST", { host: "127.0.0.1", origin: "https://evil.example" }, "Origin"],
  ["a page in a sandbox", "POST", { host: "127.0.0.1", origin: "null" }, "Origin"],
  [
    "an image of a page from elsewhere",
    "GET",
    { host: "127.0.0.1", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
    "Sec-Fetch-Site",
  ],
  [
    "a form of a page from elsewhere",
    "POST",
    { host: "127.0.0.1", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
    "Sec-Fetch-Site",
  ],
])("%s is refused", (_who, method, headers, named) => {
  expect(refusalOf({ method, headers })).toMatch(new RegExp(`^${named}: expected`));
});

test("a server that somebody else has made is guarded from its first request on", async () => {
  guardAllServers();
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const foreign = () => fetch(url, { method: "POST", headers: { origin: "http://evil.example" } });
  expect([(await foreign()).status, (await foreign()).status, (await fetch(url)).status, asked]).toEqual([
    403, 403, 200, 1,
  ]);
  server.close();
  server.closeAllConnections();
});
