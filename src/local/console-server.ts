import { readFileSync } from "node:fs";
import { request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { type Listening, listen } from "./listen.ts";

const FILES: Readonly<Record<string, readonly [string, string]>> = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/console.js": ["console.js", "text/javascript; charset=utf-8"],
  "/console.css": ["console.css", "text/css; charset=utf-8"],
};

/** Hands a request on to the API, so that the page needs no right to call another origin. */
function proxy(api: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const url = new URL(String(incoming.url).slice("/api".length), api);
  const { host: _, connection: __, ...headers } = incoming.headers;
  const request = forward(url, { method: incoming.method ?? "GET", headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  request.on("error", (error) =>
    outgoing.writeHead(502).end(JSON.stringify({ detail: `the API does not answer: ${error.message}` })),
  );
  incoming.pipe(request);
}

/** Serves the console. @param folder the console's files */
export function serveConsole(folder: string, api: string, port: number): Promise<Listening> {
  return listen((incoming, outgoing) => {
    const path = new URL(String(incoming.url), "http://console").pathname;
    if (path.startsWith("/api/")) return proxy(api, incoming, outgoing);
    const file = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
    if (!file) return void outgoing.writeHead(404).end();
    outgoing.writeHead(200, { "content-type": file[1] });
    outgoing.end(readFileSync(join(folder, file[0])));
  }, port);
}
