import type { IncomingMessage, ServerResponse } from "node:http";
import { asError } from "../event-store/index.ts";
import type { LocalBus } from "./bus.ts";
import { ValidationException } from "./bus-entries.ts";
import { OPERATIONS } from "./bus-operations.ts";
import { BodyTooLargeError, type Listening, listen, readBody } from "./listen.ts";
import { identityOf } from "./run-file.ts";

/** Answers EventBridge's protocol, so that any SDK or CLI can call it. */
export function serveBus(bus: LocalBus, port: number): Promise<Listening> {
  return listen(async (request, response) => {
    const isAws = request.method === "POST" && request.headers["x-amz-target"] !== undefined;
    try {
      await (isAws ? answerAws : answerLocal)(bus, request, response);
    } catch (error) {
      if (!(error instanceof ValidationException)) throw error;
      answer(response, 400, { message: error.message });
    }
  }, port);
}

async function answerAws(bus: LocalBus, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const operation = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
  const act = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined;
  if (!act)
    return answer(response, 400, { __type: "UnknownOperationException", message: `${operation} is not answered here` });
  try {
    answer(response, 200, act(bus, await readInput(request)));
  } catch (error) {
    if (error instanceof BodyTooLargeError) throw error;
    const { name, message } = asError(error);
    answer(response, 400, { __type: name, message });
  }
}

/** Beside the AWS protocol: the archive to read, a replay, and faults for tests. */
async function answerLocal(bus: LocalBus, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path, query] = String(request.url).split("?");
  const route = `${request.method} ${path}`;
  if (route === "GET /archive") {
    const from = Number(new URLSearchParams(query).get("from") ?? 0);
    if (!Number.isInteger(from) || from < 0) throw new ValidationException("from: expected a non-negative integer");
    return answer(response, 200, { events: bus.archive.slice(from), next: bus.archive.length });
  }
  if (route === "GET /run") return void response.end(identityOf(process.pid));
  if (route === "GET /rules") return answer(response, 200, { rules: bus.rules });
  if (route === "POST /replay") {
    const { bus: name, fromTime } = await readInput(request);
    if (typeof name !== "string" || !bus.hasBus(name))
      throw new ValidationException(`bus: expected one of ${bus.buses.join(", ")}, got ${JSON.stringify(name)}`);
    if (typeof fromTime !== "string" || Number.isNaN(Date.parse(fromTime)))
      throw new ValidationException(`fromTime: expected a time (ISO 8601), got ${JSON.stringify(fromTime)}`);
    return answer(response, 200, { replayed: bus.replay(String(name), String(fromTime)) });
  }
  if (route === "POST /faults") {
    bus.setFaults(await readInput(request));
    return answer(response, 200, {});
  }
  return answer(response, 404, { message: `there is no ${route}` });
}

type Input = Readonly<Record<string, unknown>>;

/** Twice what EventBridge takes in a request, for its JSON in JSON. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** @throws {ValidationException} when the body is no JSON object */
async function readInput(request: IncomingMessage): Promise<Input> {
  const text = (await readBody(request, MAX_BODY_BYTES)).toString("utf8");
  if (text === "") return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new ValidationException(`body: expected JSON: ${(error as Error).message}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new ValidationException("body: expected a JSON object");
  return parsed as Input;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.1" });
  response.end(JSON.stringify(body));
}
