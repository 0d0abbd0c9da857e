import { existsSync } from "node:fs";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { answerPage } from "../local/console-page.ts";
import { type Listening, listen, readBody } from "../local/listen.ts";
import type { ApiRequest } from "../sign-request.ts";
import { UsageError } from "./failure.ts";

/** Headers that let a request in. */
export type Authorize = (request: ApiRequest) => Promise<Readonly<Record<string, string>>>;

interface RemoteConsoleOptions {
  /** The API's address, with its base path. */
  readonly api: URL;
  readonly authorize: Authorize;
  /** 0: any that is free. */
  readonly port: number;
}

/** Serves the console's page here, and hands what it asks for on to a deployed API, as whoever runs this. */
export function serveRemoteConsole({ api, authorize, port }: RemoteConsoleOptions): Promise<Listening> {
  const folder = pageFolder();
  return listen(async (incoming, outgoing) => {
    const [path = "/", query] = String(incoming.url).split("?");
    const target = targetOf(path);
    if (target === undefined) return answerPage(folder, path, outgoing);
    const url = new URL(api.href.replace(/\/+$/, "") + target + (query === undefined ? "" : `?${query}`));
    await handOn(url, { incoming, outgoing, authorize });
  }, port);
}

/** The page is built beside the command; in this repository it is run from its source. */
function pageFolder(): string {
  const candidates = ["../console/", "../../dist/console/"].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  const found = candidates.find((folder) => existsSync(`${folder}console.js`));
  if (found === undefined) throw new UsageError("the console is not built: npm run build");
  return found;
}

function targetOf(path: string): string | undefined {
  if (path === "/live") return "/operations/live";
  return path.startsWith("/api/") ? path.slice("/api".length) : undefined;
}

async function handOn(
  url: URL,
  {
    incoming,
    outgoing,
    authorize,
  }: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse; readonly authorize: Authorize },
): Promise<void> {
  const { method = "GET" } = incoming;
  const body =
    method === "GET" || method === "HEAD" ? undefined : (await readBody(incoming, MAX_BODY)).toString("utf8");
  const headers = passedOn(incoming.headers);
  const signed = await authorize({ method, url, headers, body });
  const answer = await fetch(url, {
    method,
    headers: { ...headers, ...signed },
    ...(body === undefined ? {} : { body }),
  });
  const kept = [...answer.headers].filter(([name]) => ANSWER_HEADERS.includes(name));
  outgoing.writeHead(answer.status, Object.fromEntries(kept));
  if (answer.body) await pipeline(answer.body, outgoing);
  else outgoing.end();
}

function passedOn(given: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    REQUEST_HEADERS.flatMap((name) => {
      const value = given[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
}

const REQUEST_HEADERS = [
  "accept",
  "content-type",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "last-event-id",
  "x-causation-id",
  "x-correlation-id",
];
const ANSWER_HEADERS = ["cache-control", "content-type", "etag", "location", "retry-after", "x-correlation-id"];

/** As the API takes it. */
const MAX_BODY = 512 * 1024;
