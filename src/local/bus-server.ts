import type { IncomingMessage, ServerResponse } from "node:http";
import type { LocalBus } from "./bus.ts";
import type { PutEventsEntry } from "./bus-entries.ts";
import { type Listening, listen } from "./listen.ts";
import type { RuleTarget } from "./service-definition.ts";

type Input = Readonly<Record<string, unknown>>;

async function readBody(request: IncomingMessage): Promise<Input> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? {} : (JSON.parse(text) as Input);
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.1" });
  response.end(JSON.stringify(body));
}

class ResourceNotFoundException extends Error {
  override readonly name = "ResourceNotFoundException";
}

const busOf = (input: Input): string => String(input.EventBusName ?? "default");

/** A target that is put at run time is an address on this machine. */
function urlTarget({ Arn, RetryPolicy }: Input): RuleTarget {
  const { MaximumRetryAttempts = 185, MaximumEventAgeInSeconds = 86_400 } = (RetryPolicy ?? {}) as Record<
    string,
    number
  >;
  return {
    kind: "url",
    id: String(Arn),
    deadLetter: undefined,
    maxRetries: MaximumRetryAttempts,
    maxAgeSeconds: MaximumEventAgeInSeconds,
  };
}

/** The EventBridge operations that are answered, by the last part of X-Amz-Target. */
const OPERATIONS: Readonly<Record<string, (bus: LocalBus, input: Input) => unknown>> = {
  PutEvents: (bus, { Entries = [] }) => bus.putEvents(Entries as PutEventsEntry[]),
  DescribeEventBus: (bus, { Name = "default" }) => {
    if (!bus.hasBus(String(Name))) throw new ResourceNotFoundException(`Event bus ${String(Name)} does not exist.`);
    return { Name, Arn: `arn:aws:events:local:000000000000:event-bus/${String(Name)}` };
  },
  PutRule: (bus, input) => {
    const name = String(input.Name);
    bus.putRule({ name, bus: busOf(input), pattern: JSON.parse(String(input.EventPattern)) as object, targets: [] });
    return { RuleArn: `arn:aws:events:local:000000000000:rule/${busOf(input)}/${name}` };
  },
  PutTargets: (bus, input) => {
    const rule = bus.rules.find(({ name, bus: of }) => name === input.Rule && of === busOf(input));
    if (!rule) throw new ResourceNotFoundException(`Rule ${String(input.Rule)} does not exist.`);
    bus.putRule({ ...rule, targets: (input.Targets as Input[]).map(urlTarget) });
    return { FailedEntryCount: 0, FailedEntries: [] };
  },
  ListRules: (bus, input) => ({
    Rules: bus.rules
      .filter(({ bus: of }) => of === busOf(input))
      .map(({ name, bus: of, pattern }) => ({
        Name: name,
        EventBusName: of,
        EventPattern: JSON.stringify(pattern),
        State: "ENABLED",
      })),
  }),
};

async function answerAws(bus: LocalBus, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const operation = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
  const act = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined;
  if (!act)
    return answer(response, 400, { __type: "UnknownOperationException", message: `${operation} is not answered here` });
  try {
    answer(response, 200, act(bus, await readBody(request)));
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    answer(response, 400, { __type: name, message });
  }
}

/** Beside the AWS protocol: the archive to read, a replay, and faults for tests. */
async function answerLocal(bus: LocalBus, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://local");
  const route = `${request.method} ${url.pathname}`;
  if (route === "GET /archive") {
    const from = Number(url.searchParams.get("from") ?? 0);
    return answer(response, 200, { events: bus.archive.slice(from), next: bus.archive.length });
  }
  if (route === "GET /rules") return answer(response, 200, { rules: bus.rules });
  if (route === "POST /replay") {
    const { bus: name, fromTime } = await readBody(request);
    return answer(response, 200, { replayed: bus.replay(String(name), String(fromTime)) });
  }
  if (route === "POST /faults") {
    bus.setFaults(await readBody(request));
    return answer(response, 200, {});
  }
  return answer(response, 404, { message: `there is no ${route}` });
}

/** Answers EventBridge's protocol, so that any SDK or CLI can call it. */
export function serveBus(bus: LocalBus, port: number): Promise<Listening> {
  return listen((request, response) => {
    const isAws = request.method === "POST" && request.headers["x-amz-target"] !== undefined;
    (isAws ? answerAws : answerLocal)(bus, request, response).catch((error: unknown) => {
      answer(response, 500, { message: error instanceof Error ? error.message : String(error) });
    });
  }, port);
}
