import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { Agent, createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import {
  type AttributeValue,
  BatchWriteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createFastDynamoDBClient, type FastDynamoDBClientConfig } from "../../../src/event-store/dynamodb/index.ts";
import { documents, localCredentials, READ_MODELS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { newEntity } from "../../support/store.ts";
import { LOCALHOST } from "../../support/tls.ts";

const config = { region: "eu-central-1", credentials: localCredentials };
const opened: (Server | DynamoDBClient)[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) {
    if (one instanceof DynamoDBClient) one.destroy();
    else {
      one.closeAllConnections();
      await new Promise((resolve) => one.close(resolve));
    }
  }
});

function fast(given: FastDynamoDBClientConfig): DynamoDBClient {
  const client = createFastDynamoDBClient({ ...config, ...given });
  opened.push(client);
  return client;
}

describe("beside the SDK's client, on the engine", () => {
  let engine: TestEngine;
  let ours: DynamoDBClient;
  let sdk: DynamoDBClient;
  beforeAll(async () => {
    engine = await startTestEngine();
    ours = createFastDynamoDBClient({ ...config, endpoint: engine.endpoint });
    sdk = new DynamoDBClient({ ...config, endpoint: engine.endpoint });
  });
  afterAll(async () => {
    ours.destroy();
    sdk.destroy();
    await engine.stop();
  });

  const scalar: fc.Arbitrary<AttributeValue> = fc.oneof(
    fc.string({ unit: "grapheme" }).map((S) => ({ S })),
    fc.constantFrom('"B":', '{"B":"AA=="}', "\u2028", "\\u0000").map((S) => ({ S })),
    fc.integer().map((n) => ({ N: String(n) })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.constant({ NULL: true }),
    fc.uint8Array({ minLength: 1 }).map((B) => ({ B })),
    fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1 }).map((SS) => ({ SS })),
    fc.uint8Array({ minLength: 1 }).map((B) => ({ BS: [B] })),
  );
  const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      scalar,
      fc.array(tie("value"), { maxLength: 3 }).map((L) => ({ L })),
      fc
        .dictionary(fc.constantFrom("a", "B", "BS", "S", "__proto__x"), tie("value"), { maxKeys: 3 })
        .map((M) => ({ M })),
    ),
  }));

  test("items of any values are written and read alike", async () => {
    await fc.assert(
      fc.asyncProperty(value, fc.boolean(), async (attribute, isOurs) => {
        const key = { pk: { S: newEntity("alike") }, sk: { S: "-" } };
        const [writer, reader] = isOurs ? [ours, sdk] : [sdk, ours];
        await writer.send(new PutItemCommand({ TableName: READ_MODELS, Item: { ...key, attribute } }));
        const get = () => new GetItemCommand({ TableName: READ_MODELS, Key: key, ConsistentRead: true });
        const { Item } = await reader.send(get());
        expect(Item).toEqual((await writer.send(get())).Item);
        expect(Item?.attribute).toEqual(attribute);
      }),
      { numRuns: 60 },
    );
  });

  test("answers have the same members and metadata, errors the same class and members", async () => {
    const key = { pk: { S: newEntity("members") }, sk: { S: "-" } };
    const put = () =>
      new PutItemCommand({
        TableName: READ_MODELS,
        Item: key,
        ConditionExpression: "attribute_not_exists(pk)",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        ReturnConsumedCapacity: "TOTAL",
      });
    const first = await ours.send(put());
    expect(first).toMatchObject({
      ConsumedCapacity: { CapacityUnits: 1 },
      $metadata: { httpStatusCode: 200, attempts: 1 },
    });
    const refusals = await Promise.all([ours, sdk].map((client) => client.send(put()).catch((error: Error) => error)));
    const [mine, theirs] = refusals.map((error) => ({ ...(error as object), constructor: error.constructor }));
    expect(mine).toMatchObject({
      name: "ConditionalCheckFailedException",
      Item: key,
      constructor: theirs?.constructor,
    });
    const query = () =>
      new QueryCommand({
        TableName: READ_MODELS,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": key.pk },
        ExclusiveStartKey: undefined,
        Limit: 1,
      });
    const [a, b] = await Promise.all([ours.send(query()), sdk.send(query())]);
    const { $metadata: _, ...answer } = a;
    const { $metadata: __, ...other } = b;
    expect(answer).toEqual(other);
  });

  test("a transaction without a token is given one, times of a table are dates, absent members are undefined", async () => {
    const Item = { pk: { S: newEntity("token") }, sk: { S: "-" } };
    let sent: unknown;
    const watching = fast({ endpoint: engine.endpoint });
    watching.middlewareStack.add(
      (next) => async (args) => {
        sent = JSON.parse(new TextDecoder().decode((args.request as { body: Uint8Array }).body));
        return next(args);
      },
      { step: "build", priority: "low", name: "watch" },
    );
    await watching.send(new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName: READ_MODELS, Item } }] }));
    expect(sent).toMatchObject({ ClientRequestToken: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    const { Table } = await ours.send(new DescribeTableCommand({ TableName: READ_MODELS }));
    expect(Table?.CreationDateTime).toBeInstanceOf(Date);
    const batch = { RequestItems: { [READ_MODELS]: [{ PutRequest: { Item } }] } };
    expect((await ours.send(new BatchWriteItemCommand(batch))).UnprocessedItems).toEqual({});
  });

  test("the document client refuses kept middleware by name, and works without", async () => {
    expect(() => documents(ours)).toThrow("cacheMiddleware");
    const client = fast({ endpoint: engine.endpoint, cacheMiddleware: false });
    expect(documents(client)).toBeDefined();
  });
});

describe("what the SDK's client does of itself", () => {
  async function serve(answer: (request: IncomingMessage, count: number, body: string) => Answer): Promise<string> {
    let count = 0;
    const counted = (request: IncomingMessage, body: string) => {
      count += 1;
      return answer(request, count, body);
    };
    return listen(createServer(respond(counted)));
  }

  const get = () => new GetItemCommand({ TableName: "T", Key: { id: { S: "a" } } });

  test("refused and failed requests are sent again, as often as maxAttempts says", async () => {
    const seen: number[] = [];
    const endpoint = await serve((_, count) => {
      seen.push(count);
      return count < 3 ? { status: 500, body: '{"__type":"InternalServerError"}' } : { body: "{}" };
    });
    expect((await fast({ endpoint }).send(get())).$metadata).toMatchObject({ attempts: 3 });
    const always = await serve(() => ({ status: 400, body: '{"__type":"ThrottlingException","message":"slow"}' }));
    await expect(fast({ endpoint: always, maxAttempts: 2 }).send(get())).rejects.toMatchObject({
      name: "ThrottlingException",
      $metadata: { attempts: 2 },
    });
  });

  test("a connection that breaks, before the answer or within it, is a passing error", async () => {
    for (const spoil of ["before", "within"]) {
      const endpoint = await serve((_, count) =>
        count === 1 ? { breaks: spoil } : { body: '{"Item":{"id":{"S":"a"}}}' },
      );
      expect(await fast({ endpoint }).send(get())).toMatchObject({
        Item: { id: { S: "a" } },
        $metadata: { attempts: 2 },
      });
    }
  });

  test("credentials come from their provider, again when they expire, and the session's token is sent", async () => {
    const seen: unknown[] = [];
    const endpoint = await serve((request) => {
      const { authorization = "", "x-amz-security-token": token } = request.headers;
      seen.push([/Credential=(\w+)\//.exec(authorization)?.[1], token]);
      return { body: "{}" };
    });
    let asked = 0;
    const credentials = async () => {
      asked += 1;
      const expiration = new Date(asked === 1 ? 0 : Date.now() + 3_600_000);
      return { accessKeyId: `key${asked}`, secretAccessKey: "s", sessionToken: `token${asked}`, expiration };
    };
    const client = fast({ endpoint, credentials });
    for (const _ of [1, 2, 3]) await client.send(get());
    expect(seen.slice(-2)).toEqual([
      [`key${asked}`, `token${asked}`],
      [`key${asked}`, `token${asked}`],
    ]);
    expect(asked).toBe(2);
  });

  test("a wrong clock is corrected by the server's", async () => {
    const ahead = new Date(Date.now() + 3 * 3_600_000);
    const dates: string[] = [];
    const endpoint = await serve((request, count) => {
      dates.push(String(request.headers["x-amz-date"]));
      const headers = { date: ahead.toUTCString() };
      if (count > 1) return { body: "{}", headers };
      return { status: 400, headers, body: '{"__type":"InvalidSignatureException","message":"Signature expired"}' };
    });
    await fast({ endpoint }).send(get());
    const hour = (date: string | undefined) => Number(date?.slice(9, 11));
    expect((hour(dates[1]) - hour(dates[0]) + 24) % 24).toBe(3);
  });

  test("a request can be aborted, and one without an answer is given up", async () => {
    const endpoint = await serve(() => ({ breaks: "never" }));
    const abort = new AbortController();
    const client = fast({ endpoint, maxAttempts: 1 });
    const pending = client.send(get(), { abortSignal: abort.signal });
    setTimeout(() => abort.abort(), 50);
    await expect(pending).rejects.toMatchObject({ name: "AbortError" });
    await expect(client.send(get(), { abortSignal: abort.signal })).rejects.toMatchObject({ name: "AbortError" });
    const hasty = fast({ endpoint, maxAttempts: 1, requestHandler: { requestTimeout: 50 } });
    await expect(hasty.send(get())).rejects.toMatchObject({ name: "TimeoutError", message: "no answer in 50 ms" });
  });

  test("agents may be given as their options; an option that it has not is refused by name", async () => {
    const endpoint = await serve(() => ({ body: "{}" }));
    const client = fast({ endpoint, requestHandler: { httpAgent: { maxSockets: 1 } } });
    await Promise.all([1, 2, 3].map(() => client.send(get())));
    expect(() => createFastDynamoDBClient({ requestHandler: { socketTimeout: 7 } })).toThrow(
      "requestHandler.socketTimeout: expected one of",
    );
  });

  test("a server nobody listens at is told at once", async () => {
    const endpoint = await serve(() => ({ body: "{}" }));
    const [server] = opened.splice(0);
    await new Promise((resolve) => (server as Server).close(resolve));
    await expect(fast({ endpoint, maxAttempts: 1 }).send(get())).rejects.toThrow("connect ECONNREFUSED");
  });

  test("a server's certificate is checked", async () => {
    const listener = respond(() => ({ body: '{"Item":{"id":{"S":"a"}}}' }));
    const endpoint = await listen(createTlsServer(LOCALHOST, listener) as unknown as Server, "https");
    const trusting = fast({ endpoint, requestHandler: { httpsAgent: new Agent({ ca: LOCALHOST.cert }) } });
    expect(await trusting.send(get())).toMatchObject({ Item: { id: { S: "a" } } });
    await expect(fast({ endpoint, maxAttempts: 1 }).send(get())).rejects.toThrow("self-signed certificate");
  });

  test("it says who it is, and uses a connection again", async () => {
    const agents = new Set<unknown>();
    const ports = new Set<unknown>();
    const endpoint = await serve((request) => {
      agents.add(request.headers["user-agent"]);
      ports.add(request.socket.remotePort);
      return { body: "{}" };
    });
    const client = fast({ endpoint, customUserAgent: [["shop", "1.0"]] });
    for (const _ of [1, 2, 3]) await client.send(get());
    expect([...agents]).toEqual([expect.stringMatching(/^aws-sdk-js\/3\..* shop\/1\.0$/)]);
    expect(ports.size).toBe(1);
  });
});

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Where the connection ends instead of an answer. */
  readonly breaks?: string;
}

function respond(answer: (request: IncomingMessage, body: string) => Answer): RequestListener {
  return (request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { status = 200, headers = {}, body: text = "", breaks } = answer(request, body);
      if (breaks === "before") return request.socket.destroy();
      if (breaks === "never") return undefined;
      response.writeHead(status, { "content-type": "application/x-amz-json-1.0", ...headers });
      if (breaks === undefined) return response.end(text);
      response.write('{"Item":');
      return setTimeout(() => request.socket.destroy(), 20);
    });
  };
}

async function listen(server: Server, scheme = "http"): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  opened.push(server);
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
