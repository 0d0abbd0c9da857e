import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";

const FILES: Readonly<Record<string, readonly [string, string]>> = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/console.js": ["console.js", "text/javascript; charset=utf-8"],
  "/console.css": ["console.css", "text/css; charset=utf-8"],
};

/** The page asks nobody but its server. The plots set styles of their own. */
const HEADERS = {
  "content-security-policy":
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
  "x-frame-options": "DENY",
  "cache-control": "no-cache",
};

/** Answers with a file of the console's page, or that there is none. */
export function answerPage(folder: string, path: string, response: ServerResponse): void {
  const file = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
  if (!file) return void response.writeHead(404).end();
  const text = readFileSync(join(folder, file[0]));
  response.writeHead(200, { "content-type": file[1], ...HEADERS });
  response.end(text);
}
