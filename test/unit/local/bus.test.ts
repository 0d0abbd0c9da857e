import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { LocalBus, type LocalBusOptions } from "../../../src/local/bus.ts";
import type { BusEvent, PutEventsEntry } from "../../../src/local/bus-entries.ts";
import type { Rule } from "../../../src/local/service-definition.ts";
import { until } from "../../support/until.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bus-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const target = (id: string, more: object = {}) => ({
  kind: "function" as const,
  id,
  deadLetter: undefined,
  maxRetries: 2,
  maxAgeSeconds: 60,
  ...more,
});
const rule = (name: string, more: Partial<Rule> = {}): Rule => ({
  name,
  bus: "Shop",
  pattern: { source: ["shop"] },
  isEnabled: true,
  targets: [target(name)],
  ...more,
});
const entry = (more: Partial<PutEventsEntry> = {}): PutEventsEntry => ({
  Source: "shop",
  DetailType: "Sold",
  Detail: '{"n":1}',
  EventBusName: "Shop",
  ...more,
});

function open(more: Partial<LocalBusOptions> = {}) {
  const sent: [string, unknown][] = [];
  const dead: [string, Record<string, string>][] = [];
  let ids = 0;
  const bus = new LocalBus({
    buses: ["Shop"],
    rules: [rule("a"), rule("b")],
    region: "eu-central-1",
    folder,
    newId: () => `id-${++ids}`,
    clock: () => new Date("2026-01-01T12:00:00.500Z"),
    backOff: async () => undefined,
    log: () => undefined,
    signal: new AbortController().signal,
    send: async ({ id }, event) => void sent.push([id, (event as BusEvent).detail]),
    deadLetter: (queue, _event, attributes) => void dead.push([queue, { ...attributes }]),
    ...more,
  });
  return { bus, sent, dead };
}
/** Until the bus has nothing left to deliver. */
const settle = (bus: LocalBus) => until(() => (bus.isIdle ? true : undefined), "the bus to be idle");

describe("PutEvents", () => {
  test("answers entry by entry, in EventBridge's words", () => {
    const { bus } = open();
    const { FailedEntryCount, Entries } = bus.putEvents([
      entry(),
      entry({ Source: "" }),
      entry({ DetailType: "" }),
      entry({ Detail: "[1]" }),
      entry({ Detail: "{{" }),
      entry({ Source: "aws.ec2" }),
      entry({ EventBusName: "Nowhere" }),
    ]);
    expect(FailedEntryCount).toBe(6);
    expect(Entries.map((one) => ("ErrorCode" in one ? one.ErrorCode : "ok"))).toEqual([
      "ok",
      "InvalidArgument",
      "InvalidArgument",
      "MalformedDetail",
      "MalformedDetail",
      "NotAuthorizedForSourceException",
      "ResourceNotFoundException",
    ]);
    expect(Entries[1]).toMatchObject({
      ErrorMessage: "Parameter Source is not valid. Reason: Source is a required argument.",
    });
  });

  test("refuses as a whole what is too many or too large", () => {
    const { bus } = open();
    expect(() => bus.putEvents(Array.from({ length: 11 }, () => entry()))).toThrow("less than or equal to 10");
    expect(() => bus.putEvents([entry({ Detail: JSON.stringify({ text: "x".repeat(1_048_576) }) })])).toThrow(
      "over the limit",
    );
    expect(() => bus.putEvents([])).toThrow("greater than or equal to 1");
  });

  test("delivers to every rule that matches, as EventBridge shapes an event", async () => {
    const events: BusEvent[] = [];
    const { bus } = open({
      rules: [rule("a"), rule("other", { pattern: { source: ["x"] } })],
      send: async (_target, event) => void events.push(event as BusEvent),
    });
    bus.putEvents([entry({ Resources: ["p-1"] })]);
    await settle(bus);
    expect(events).toEqual([
      {
        version: "0",
        id: "id-1",
        "detail-type": "Sold",
        source: "shop",
        account: "000000000000",
        time: "2026-01-01T12:00:00Z",
        region: "eu-central-1",
        resources: ["p-1"],
        detail: { n: 1 },
      },
    ]);
  });

  test("refuses and throttles when a fault is switched on", () => {
    const { bus } = open();
    bus.setFaults({ refuseEvery: 3, throttle: 1 });
    expect(() => bus.putEvents([entry()])).toThrow("Rate exceeded");
    expect(bus.putEvents([entry(), entry(), entry(), entry()]).Entries.map((one) => "ErrorCode" in one)).toEqual([
      false,
      false,
      true,
      false,
    ]);
  });
});

describe("targets", () => {
  test("are retried, then the event goes to the dead-letter queue with its reason", async () => {
    let tries = 0;
    const failing = rule("a", { targets: [target("a", { deadLetter: "Dead" })] });
    const { bus, dead } = open({
      rules: [failing],
      send: async () => {
        tries += 1;
        throw new Error("no");
      },
    });
    bus.putEvents([entry()]);
    await settle(bus);
    expect(tries).toBe(3);
    expect(dead).toEqual([
      [
        "Dead",
        expect.objectContaining({
          RULE_ARN: "a",
          ERROR_MESSAGE: "no",
          EXHAUSTED_RETRY_CONDITION: "MaximumRetryAttempts",
          RETRY_ATTEMPTS: "2",
        }),
      ],
    ]);
  });

  test("get after a kill what they had not got, each from its own place", async () => {
    const never = () => new Promise<void>(() => undefined);
    let delivered = 0;
    const deliver = async () => {
      delivered += 1;
    };
    const first = open({ send: ({ id }) => (id === "b" ? never() : deliver()) });
    first.bus.putEvents([entry(), entry({ Detail: '{"n":2}' })]);
    await until(() => (first.sent.length === 0 && delivered === 2 ? true : undefined), "the first target");
    const { bus, sent } = open();
    await settle(bus);
    expect(sent).toEqual([
      ["b", { n: 1 }],
      ["b", { n: 2 }],
    ]);
  });

  test("a line that a kill has torn is cut off, and the archive goes on", async () => {
    open().bus.putEvents([entry()]);
    appendFileSync(join(folder, "bus-archive.jsonl"), '{"bus":"Shop","ev');
    open().bus.putEvents([entry({ Detail: '{"n":2}' })]);
    expect(open().bus.archive.map(({ event }) => event.detail)).toEqual([{ n: 1 }, { n: 2 }]);
    expect(readFileSync(join(folder, "bus-archive.jsonl"), "utf8").split("\n")).toHaveLength(3);
  });

  test("get an archive replayed from a time", async () => {
    const { bus, sent } = open({ rules: [rule("a")] });
    bus.putEvents([entry()]);
    expect(bus.replay("Shop", "2026-01-01T13:00:00Z")).toBe(0);
    expect(bus.replay("Shop", "2026-01-01T11:00:00Z")).toBe(1);
    await settle(bus);
    expect(sent).toEqual([
      ["a", { n: 1 }],
      ["a", { n: 1 }],
    ]);
  });
});

test("a dead letter that there was no room for is tried again, and holds up nothing else", async () => {
  let isFull = true;
  const kept: unknown[] = [];
  const { bus } = open({
    rules: [rule("a", { targets: [target("a", { deadLetter: "Dead", maxRetries: 0 })] })],
    send: async (_target, event) => {
      if (Number((event as BusEvent).detail.n) < 12) throw new Error("no");
      isFull = false;
    },
    backOff: () => new Promise((resolve) => setTimeout(resolve, 1)),
    deadLetter: (_queue, { detail }) => {
      if (isFull && (detail as { n: number }).n < 9) throw new Error("ENOSPC");
      kept.push((detail as { n: number }).n);
    },
  });
  for (let n = 0; n < 13; n += 1) bus.putEvents([entry({ Detail: JSON.stringify({ n }) })]);
  await settle(bus);
  expect(kept.sort()).toEqual(Array.from({ length: 12 }, (_, n) => n).sort());
});

test("a backlog of 130,000 events is taken, delivered and kept its place of", async () => {
  let isOpen = false;
  let delivered = 0;
  const waiting: (() => void)[] = [];
  const { bus } = open({
    folder: undefined,
    rules: [rule("a")],
    send: async () => {
      if (!isOpen) await new Promise<void>((resolve) => waiting.push(resolve));
      delivered += 1;
    },
  });
  const ten = Array.from({ length: 10 }, () => entry());
  for (let n = 0; n < 13_000; n += 1) bus.putEvents(ten);
  expect(bus.isIdle).toBe(false);
  isOpen = true;
  for (const go of waiting) go();
  await settle(bus);
  expect(delivered).toBe(130_000);
}, 60_000);

describe("rules put at run time", () => {
  test("a rule that is off takes nothing, and what came meanwhile is not sent when it is on again", async () => {
    const { bus, sent } = open({ rules: [] });
    const own = rule("own");
    bus.putRule({ ...own, isEnabled: false });
    bus.putEvents([entry({ Detail: '{"n":1}' })]);
    bus.putRule(own);
    bus.putEvents([entry({ Detail: '{"n":2}' })]);
    await settle(bus);
    expect(sent).toEqual([["own", { n: 2 }]]);
  });

  test("put again with another pattern it goes on with its targets, each event once", async () => {
    const { bus, sent } = open({ rules: [] });
    bus.putRule(rule("own"));
    bus.putEvents([entry({ Detail: '{"n":1}' })]);
    bus.putRule(rule("own", { pattern: { "detail-type": ["Sold"] } }));
    bus.putEvents([entry({ Source: "other", Detail: '{"n":2}' })]);
    await settle(bus);
    expect(sent).toEqual([
      ["own", { n: 1 }],
      ["own", { n: 2 }],
    ]);
  });

  test("removed, with its targets, it sends nothing more, also after a restart", async () => {
    const { bus, sent } = open({ rules: [] });
    bus.putRule(rule("own"));
    bus.deleteRule(rule("own"));
    bus.putEvents([entry()]);
    await settle(bus);
    const again = open({ rules: [] });
    again.bus.putEvents([entry()]);
    await settle(again.bus);
    expect([sent, again.sent, again.bus.rules]).toEqual([[], [], []]);
  });

  test("a target that was removed is not tried again", async () => {
    const tries: string[] = [];
    const { bus } = open({
      rules: [],
      send: async ({ id }) => {
        tries.push(id);
        throw new Error("no");
      },
      backOff: () => new Promise((resolve) => setTimeout(resolve, 1)),
    });
    bus.putRule(rule("own", { targets: [target("a", { maxRetries: 1_000_000 })] }));
    bus.putEvents([entry()]);
    await until(() => (tries.length > 2 ? true : undefined), "some tries");
    bus.putRule(rule("own", { targets: [] }));
    const before = tries.length;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(tries.length - before).toBeLessThanOrEqual(1);
  });
});

test.each([
  [{ input: '{"fixed":[1]}' }, { fixed: [1] }],
  [{ input: '"text"' }, "text"],
  [{ inputPath: "$.detail" }, { n: 1, list: [{ a: 7 }] }],
  [{ inputPath: "$.detail.list[0].a" }, 7],
  [{ inputPath: "$['detail']['n']" }, 1],
  [{ inputPath: "$.detail.nothing.there" }, {}],
  [{ inputPath: "$.detail.constructor" }, {}],
])("a target with %j is sent %j", async (more, input) => {
  const sent: unknown[] = [];
  const { bus } = open({
    rules: [rule("a", { targets: [target("a", more)] })],
    send: async (_target, given) => void sent.push(given),
  });
  bus.putEvents([entry({ Detail: '{"n":1,"list":[{"a":7}]}' })]);
  await settle(bus);
  expect(sent).toEqual([input]);
});
