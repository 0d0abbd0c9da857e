import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

type Json = Readonly<Record<string, unknown>>;
const keysOf = (value: unknown): string[] => Object.keys((value ?? {}) as Json);

/** IAM's action of each kind of item in a transaction. */
const IN_TRANSACTION = {
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  ConditionCheck: "ConditionCheckItem",
};

/** What IAM would be asked for a request: "dynamodb:Query ProductService-Events/index/EventTypeIndex". */
function rightsOf(target: string, body: Json): string[] {
  const [service = "", action = ""] = target.split(".");
  if (service === "AWSEvents") return [`events:${action}`];
  if (action.startsWith("Batch")) return keysOf(body.RequestItems).map((table) => `dynamodb:${action} ${table}`);
  if (action === "TransactWriteItems") {
    return (body.TransactItems as Json[]).flatMap((item) =>
      Object.entries(IN_TRANSACTION).flatMap(([kind, right]) =>
        kind in item ? [`dynamodb:${right} ${String((item[kind] as Json).TableName)}`] : [],
      ),
    );
  }
  const index = body.IndexName === undefined ? "" : `/index/${String(body.IndexName)}`;
  return [`dynamodb:${action} ${String(body.TableName)}${index}`];
}

/** Signed headers stay; those of the connection are its own. */
function passedOn(headers: IncomingHttpHeaders): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => /^(amz-|x-amz-|authorization$|content-type$)/.test(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

export interface RecordingProxy {
  readonly endpoint: string;
  /** Every right that a request through here would have needed. */
  readonly rights: ReadonlySet<string>;
  stop(): void;
}

/** Stands before an AWS endpoint, passes everything on and notes what it was. */
export async function startRecordingProxy(to: string): Promise<RecordingProxy> {
  const rights = new Set<string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const target = String(request.headers["x-amz-target"]);
    for (const right of rightsOf(target, JSON.parse(body.toString()) as Json)) rights.add(right);
    const answer = await fetch(to, { method: "POST", headers: passedOn(request.headers), body }).catch(() => undefined);
    if (!answer) {
      response.writeHead(502).end();
      return;
    }
    response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.0" });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { endpoint: `http://127.0.0.1:${port}`, rights, stop };
}
