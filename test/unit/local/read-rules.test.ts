import { expect, test } from "@jest/globals";
import { readFunctionRule, readRule } from "../../../src/local/read-rules.ts";

const buses = new Map([["ShopBus", "Shop"]]);
const pattern = { source: ["shop"] };
const resource = (Properties: object) => ({
  Type: "AWS::Events::Rule",
  Properties: { EventPattern: pattern, ...Properties },
});

test.each([
  [{}, true],
  [{ State: "ENABLED" }, true],
  [{ State: "DISABLED" }, false],
])("a rule of the resources with %j is on: %s", (more, isEnabled) => {
  expect(readRule("Sales", resource(more), buses)).toMatchObject({ name: "Sales", pattern, isEnabled });
});

test("targets keep their input", () => {
  const Targets = [
    { Id: "a", Arn: { "Fn::GetAtt": ["Queue", "Arn"] }, Input: '{"a":1}' },
    { Id: "b", Arn: { "Fn::GetAtt": ["Queue", "Arn"] }, InputPath: "$.detail" },
  ];
  expect(readRule("Sales", resource({ EventBusName: { Ref: "ShopBus" }, Targets }), buses)).toMatchObject({
    bus: "Shop",
    targets: [
      { kind: "queue", id: "Queue", input: '{"a":1}' },
      { kind: "queue", id: "Queue", inputPath: "$.detail" },
    ],
  });
});

test.each([
  [{}, true],
  [{ enabled: false }, false],
])("a function's rule with %j is on: %s", (more, isEnabled) => {
  const event = { eventBus: { Ref: "ShopBus" }, pattern, input: { a: 1 }, ...more };
  expect(readFunctionRule("f", 0, { event, buses })).toMatchObject({
    name: "f-rule-1",
    isEnabled,
    targets: [{ kind: "function", id: "f", input: '{"a":1}' }],
  });
});

test("a schedule is no rule on events", () => {
  expect(
    readRule("Daily", { Type: "AWS::Events::Rule", Properties: { ScheduleExpression: "rate(1 day)" } }, buses),
  ).toBeUndefined();
  expect(readFunctionRule("f", 0, { event: { schedule: "rate(1 day)" }, buses })).toBeUndefined();
});

test("a transformer, which is not known here, is named", () => {
  const Targets = [{ Arn: "q", InputTransformer: { InputTemplate: "<a>" } }];
  expect(() => readRule("Sales", resource({ Targets }), buses)).toThrow("inputTransformer");
});
