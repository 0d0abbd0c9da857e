import { readFileSync } from "node:fs";
import { request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { type Listening, listen } from "./listen.ts";

const FILES: Readonly<Record<string, readonly [string, string]>> = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/console.js": ["console.js", "text/javascript; charset=utf-8"],
  "/console.css": ["console.css", "text/css; charset=utf-8"],
};

/** Serves the console. @param folder the console's files */
export function serveConsole(folder: string, api: string, port: number): Promise<Listening> {
  return listen((incoming, outgoing) => {
    const [path = "/"] = String(incoming.url).split("?");
    if (path.startsWith("/api/")) return proxy(api, incoming, outgoing);
    const file = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
    if (!file) return void outgoing.writeHead(404).end();
    outgoing.writeHead(200, { "content-type": file[1], "x-frame-options": "DENY" });
    outgoing.end(readFileSync(join(folder, file[0])));
  }, port);
}

/** Hands a request on to the API and nowhere else, so that the page needs no right to call another origin. */
function proxy(api: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { hostname, port } = new URL(api);
  const { host: _, connection: __, ...headers } = incoming.headers;
  const path = String(incoming.url).slice("/api".length);
  const request = forward({ hostname, port, path, method: incoming.method ?? "GET", headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.on("error", () => outgoing.destroy());
    answer.pipe(outgoing);
  });
  request.on("error", (error) => {
    if (outgoing.headersSent) return void outgoing.destroy();
    outgoing.writeHead(502, { "content-type": "application/problem+json" });
    outgoing.end(JSON.stringify({ status: 502, detail: `the API does not answer: ${error.message}` }));
  });
  outgoing.on("close", () => request.destroy());
  incoming.pipe(request);
}
