import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  DeleteRuleCommand,
  DescribeEventBusCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListEventBusesCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TestEventPatternCommand,
} from "@aws-sdk/client-eventbridge";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { LocalBus } from "../../../src/local/bus.ts";
import { serveBus } from "../../../src/local/bus-server.ts";
import type { Listening } from "../../../src/local/listen.ts";
import { localCredentials } from "../../support/engine.ts";
import { until } from "../../support/until.ts";

const stopping = new AbortController();
const received: unknown[] = [];
const subscriber = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    received.push(JSON.parse(body));
    response.end();
  });
});
let server: Listening;
let client: EventBridgeClient;
let address: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => subscriber.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(subscriber.address() as AddressInfo).port}/events`;
  const bus = new LocalBus({
    buses: ["Shop", "default"],
    rules: [{ name: "declared", bus: "Shop", pattern: { source: ["none"] }, isEnabled: true, targets: [] }],
    region: "eu-central-1",
    newId: () => Math.random().toString(36),
    clock: () => new Date(),
    backOff: async () => undefined,
    log: () => undefined,
    signal: stopping.signal,
    send: async ({ id }, input) => {
      await fetch(id, { method: "POST", body: JSON.stringify(input) });
    },
    deadLetter: () => undefined,
  });
  server = await serveBus(bus, 0);
  const { endpoint } = server;
  client = new EventBridgeClient({ endpoint, region: "eu-central-1", credentials: localCredentials, maxAttempts: 1 });
});
afterAll(async () => {
  stopping.abort();
  client.destroy();
  await server.stop();
  subscriber.close();
  subscriber.closeAllConnections();
});

const EventBusName = "Shop";
const EventPattern = JSON.stringify({ source: ["shop"] });
const put = async (detail: object): Promise<void> => {
  const entry = { EventBusName, Source: "shop", DetailType: "Sold", Detail: JSON.stringify(detail) };
  const { FailedEntryCount } = await client.send(new PutEventsCommand({ Entries: [entry] }));
  expect(FailedEntryCount).toBe(0);
};

test("a rule's whole life: put, listed, off, on, its targets changed, removed", async () => {
  const Rule = "sales";
  await client.send(new PutRuleCommand({ Name: Rule, EventBusName, EventPattern }));
  const Targets = [
    { Id: "whole", Arn: address },
    { Id: "fixed", Arn: address, Input: '{"fixed":true}' },
    { Id: "part", Arn: address, InputPath: "$.detail" },
  ];
  await client.send(new PutTargetsCommand({ Rule, EventBusName, Targets }));
  expect(await client.send(new ListTargetsByRuleCommand({ Rule, EventBusName }))).toMatchObject({ Targets });
  await put({ n: 1 });
  await until(() => (received.length === 3 ? true : undefined), "three deliveries");
  expect(received).toEqual(
    expect.arrayContaining([{ fixed: true }, { n: 1 }, expect.objectContaining({ source: "shop", detail: { n: 1 } })]),
  );

  await client.send(new DisableRuleCommand({ Name: Rule, EventBusName }));
  expect(await client.send(new DescribeRuleCommand({ Name: Rule, EventBusName }))).toMatchObject({ State: "DISABLED" });
  await put({ n: 2 });
  await client.send(new EnableRuleCommand({ Name: Rule, EventBusName }));
  await client.send(new RemoveTargetsCommand({ Rule, EventBusName, Ids: ["whole", "fixed"] }));
  received.length = 0;
  await put({ n: 3 });
  await until(() => (received.length > 0 ? true : undefined), "a delivery");
  expect(received).toEqual([{ n: 3 }]);

  const { Rules } = await client.send(new ListRulesCommand({ EventBusName, NamePrefix: "sal" }));
  expect(Rules).toMatchObject([{ Name: Rule, State: "ENABLED", EventPattern }]);
  const remove = () => client.send(new DeleteRuleCommand({ Name: Rule, EventBusName }));
  await expect(remove()).rejects.toThrow("Rule can't be deleted since it has targets.");
  await client.send(new RemoveTargetsCommand({ Rule, EventBusName, Ids: ["part"] }));
  await remove();
  await remove();
  expect((await client.send(new ListRulesCommand({ EventBusName }))).Rules).toMatchObject([{ Name: "declared" }]);
});

test("the buses are told", async () => {
  const { EventBuses } = await client.send(new ListEventBusesCommand({}));
  expect(EventBuses?.map(({ Name }) => Name)).toEqual(["Shop", "default"]);
  expect(await client.send(new DescribeEventBusCommand({ Name: "Shop" }))).toMatchObject({
    Arn: "arn:aws:events:eu-central-1:000000000000:event-bus/Shop",
  });
});

test("a pattern can be tried on an event", async () => {
  const ask = (source: string) =>
    client.send(new TestEventPatternCommand({ EventPattern, Event: JSON.stringify({ source }) }));
  expect([(await ask("shop")).Result, (await ask("other")).Result]).toEqual([true, false]);
});

describe("refused in EventBridge's way", () => {
  const rule = (more: object) => new PutRuleCommand({ Name: "r", EventBusName, EventPattern, ...more });
  const targets = (target: object) =>
    new PutTargetsCommand({
      Rule: "kept",
      EventBusName,
      Targets: [{ Id: "a", Arn: "http://127.0.0.1:9/", ...target }],
    });
  beforeAll(async () => {
    await client.send(rule({ Name: "kept" }));
  });

  test.each([
    [
      "a schedule",
      rule({ EventPattern: undefined, ScheduleExpression: "rate(1 day)" }),
      "ValidationException",
      /Schedule/,
    ],
    ["neither", rule({ EventPattern: undefined }), "ValidationException", /must be specified/],
    ["no JSON", rule({ EventPattern: "{" }), "InvalidEventPatternException", /not valid/],
    ["a list", rule({ EventPattern: "[]" }), "InvalidEventPatternException", /not valid/],
    ["a bad CIDR", rule({ EventPattern: '{"a":[{"cidr":"1.2.3.4/99"}]}' }), "InvalidEventPatternException", /CIDR/],
    ["a state", rule({ State: "ON" }), "ValidationException", /State: expected ENABLED or DISABLED/],
    ["a name", rule({ Name: "a b" }), "ValidationException", /Name: expected/],
    ["a bus", rule({ EventBusName: "Nowhere" }), "ResourceNotFoundException", /Event bus Nowhere/],
    ["a rule of serverless.yml", rule({ Name: "declared" }), "ManagedRuleException", /serverless.yml/],
    ["a rule that is not", new DisableRuleCommand({ Name: "none", EventBusName }), "ResourceNotFoundException", /none/],
    [
      "an address elsewhere",
      targets({ Arn: "http://example.org/x" }),
      "ValidationException",
      /Arn of target a: expected/,
    ],
    ["an address like one here", targets({ Arn: "http://127.0.0.1.example.org/" }), "ValidationException", /Arn/],
    ["a queue's ARN", targets({ Arn: "arn:aws:sqs:eu-central-1:1:q" }), "ValidationException", /Arn/],
    ["an input that is no JSON", targets({ Input: "{" }), "ValidationException", /Input of target a/],
    ["a path that is none", targets({ InputPath: "detail" }), "ValidationException", /InputPath/],
    ["a transformer", targets({ InputTransformer: { InputTemplate: "<a>" } }), "ValidationException", /Transformer/],
    [
      "no pattern",
      new TestEventPatternCommand({ EventPattern: "", Event: "{}" }),
      "InvalidEventPatternException",
      /valid/,
    ],
    ["no event", new TestEventPatternCommand({ EventPattern, Event: "{" }), "ValidationException", /Event/],
  ])("%s", async (_what, command, name, message) => {
    await expect(client.send(command as PutRuleCommand)).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message),
    });
  });
});

test.each([
  ["no JSON", "{", /JSON/],
  ["a list", "[]", /object/],
  ["a bus that is not", '{"bus":"Nowhere","fromTime":"2026-01-01"}', /bus: expected one of Shop, default/],
  ["a time that is none", '{"bus":"Shop","fromTime":"soon"}', /fromTime: expected/],
])("a replay of %s is refused", async (_what, body, message) => {
  const answer = await fetch(`${server.endpoint}/replay`, { method: "POST", body });
  expect(answer.status).toBe(400);
  expect(((await answer.json()) as { message: string }).message).toMatch(message);
});
