import { Agent, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { Engine } from "./engine.ts";
import { type Listening, listen, readBody } from "./listen.ts";
import { isFree } from "./ports.ts";

/**
 * The engine's address for everybody but the service's own functions: asks who comes, as all local
 * servers do, and lets a request wait while the engine is started again.
 */
export function serveEngineGate(engine: Engine, port: number): Promise<Listening> {
  const agent = new Agent({ keepAlive: true });
  return listen(async (incoming, outgoing) => {
    const body = await readBody(incoming, MAX_BODY_BYTES);
    await engine.isUp();
    await handOn(engine.endpoint, agent, { incoming, body, outgoing });
  }, port);
}

function handOn(
  endpoint: string,
  agent: Agent,
  {
    incoming,
    body,
    outgoing,
  }: { readonly incoming: IncomingMessage; readonly body: Buffer; readonly outgoing: ServerResponse },
): Promise<void> {
  const { hostname, port } = new URL(endpoint);
  const { connection: _, "transfer-encoding": __, expect: ___, ...headers } = incoming.headers;
  const options = {
    hostname,
    port,
    agent,
    path: incoming.url ?? "/",
    method: incoming.method ?? "POST",
    headers: { ...headers, "content-length": body.length },
  };
  return new Promise((resolve) => {
    const request = forward(options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on("error", () => outgoing.destroy());
      answer.pipe(outgoing);
    });
    request.on("error", (error) => refuse(outgoing, error));
    outgoing.on("close", () => {
      request.destroy();
      resolve();
    });
    request.end(body);
  });
}

/** As DynamoDB answers when it fails: the SDK sends the request again. */
function refuse(outgoing: ServerResponse, error: Error): void {
  if (outgoing.headersSent) return void outgoing.destroy();
  outgoing.writeHead(500, { "content-type": "application/x-amz-json-1.0" });
  const __type = "com.amazonaws.dynamodb.v20120810#InternalServerError";
  outgoing.end(JSON.stringify({ __type, message: `the engine did not answer: ${error.message}` }));
}

/** DynamoDB takes requests of up to 16 MB. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * Ports above 1,024 that no browser connects to ("Port blocking" in the Fetch standard): the engine itself
 * answers every page that asks, and stands on one of them, where none can.
 */
const BLOCKED_PORTS = [2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080];

/** A port for the engine that no page can reach. @throws when all are taken */
export async function portBehindGate(): Promise<number> {
  const first = process.pid % BLOCKED_PORTS.length;
  for (const port of [...BLOCKED_PORTS.slice(first), ...BLOCKED_PORTS.slice(0, first)])
    if (await isFree(port)) return port;
  throw new Error(`the engine needs one port of ${BLOCKED_PORTS.join(", ")}, and all are taken`);
}
