import { request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import { ValidationException } from "./bus-entries.ts";
import { BusView } from "./bus-view.ts";
import { answerPage } from "./console-page.ts";
import { type Listening, listen, readBody } from "./listen.ts";
import { streamLive } from "./live-stream.ts";
import type { LocalRun } from "./local-run.ts";

interface ConsoleOptions {
  /** The page's files. */
  readonly folder: string;
  readonly api: string;
  readonly port: number;
  readonly run: Pick<LocalRun, "bus" | "queues" | "live">;
}

/** Serves the console: the page, the API of the service below `/api`, the live stream, and what only a local run has. */
export function serveConsole({ folder, api, port, run }: ConsoleOptions): Promise<Listening> {
  const view = new BusView(run.bus, run.queues);
  return listen(async (incoming, outgoing) => {
    const [path = "/"] = String(incoming.url).split("?");
    if (path.startsWith("/api/")) return proxy(api, incoming, outgoing);
    if (path === "/live" && incoming.method === "GET") return streamLive(run.live, incoming, outgoing);
    if (path.startsWith("/local/")) return answerLocal(view, path, incoming, outgoing);
    answerPage(folder, path, outgoing);
  }, port);
}

/** Bus and queues, which on AWS are EventBridge's and SQS's to show. */
async function answerLocal(
  view: BusView,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, queue = "", action] = /^\/local\/queues\/([^/]+)(\/redrive)?$/.exec(path) ?? [];
  const route = `${request.method} ${queue === "" ? path : `/local/queues/{name}${action ?? ""}`}`;
  try {
    const name = decodeName(queue);
    if (route === "GET /local/bus") return answer(response, 200, view.state());
    if (route === "GET /local/queues/{name}") return answer(response, 200, view.messages(name));
    if (route === "POST /local/queues/{name}/redrive") return answer(response, 200, view.redrive(name));
    if (route === "POST /local/bus/test-pattern")
      return answer(response, 200, view.test((await readJson(request)).pattern));
  } catch (error) {
    if (!(error instanceof ValidationException)) throw error;
    return answer(response, 400, { status: 400, detail: error.message });
  }
  answer(response, 404, { status: 404, detail: `there is no ${request.method} ${path}` });
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ValidationException(`queue: expected a name, got ${text}`);
  }
}

async function readJson(request: IncomingMessage): Promise<{ readonly pattern?: unknown }> {
  const text = (await readBody(request, MAX_BODY)).toString("utf8");
  try {
    return Object(JSON.parse(text)) as object;
  } catch (error) {
    throw new ValidationException(`body: expected JSON: ${(error as Error).message}`);
  }
}

const MAX_BODY = 256 * 1024;

function answer(response: ServerResponse, status: number, body: object): void {
  const type = status < 400 ? "application/json" : "application/problem+json";
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  response.end(JSON.stringify(body));
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
