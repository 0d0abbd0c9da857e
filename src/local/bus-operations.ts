import type { Target } from "@aws-sdk/client-eventbridge";
import type { LocalBus } from "./bus.ts";
import { type PutEventsEntry, ValidationException } from "./bus-entries.ts";
import { compileEventPattern, InvalidEventPatternError } from "./event-pattern.ts";
import { isLoopback } from "./loopback-only.ts";
import type { Rule, RuleTarget } from "./service-definition.ts";
import { readInputPath } from "./target-input.ts";

function putRule(bus: LocalBus, input: Input) {
  const { Name, EventPattern, ScheduleExpression, State = "ENABLED", EventBusName } = input;
  if (typeof Name !== "string" || !/^[.\-_A-Za-z0-9]{1,64}$/.test(Name))
    throw new ValidationException(`Name: expected 1 to 64 of A-Z a-z 0-9 . - _, got ${JSON.stringify(Name)}`);
  if (State !== "ENABLED" && State !== "DISABLED")
    throw new ValidationException(`State: expected ENABLED or DISABLED, got ${JSON.stringify(State)}`);
  if (EventPattern === undefined)
    throw new ValidationException(
      ScheduleExpression === undefined
        ? "Parameter(s) EventPattern or ScheduleExpression must be specified."
        : "ScheduleExpression: rules put at run time run on events here; schedules of functions run as serverless.yml has them",
    );
  const name = { name: Name, bus: checkBus(bus, busName(EventBusName)) };
  checkOwn(bus, name);
  const pattern = parsePattern(EventPattern);
  compileEventPattern(pattern);
  const targets = bus.rules.find((rule) => rule.name === name.name && rule.bus === name.bus)?.targets ?? [];
  bus.putRule({ ...name, pattern, isEnabled: State === "ENABLED", targets });
  return { RuleArn: arn(bus, `rule/${name.bus}/${name.name}`) };
}

/** Targets of the given ids are put in place of those of the same ids; the others stay. */
function putTargets(bus: LocalBus, input: Input) {
  const rule = findRule(bus, ofRule(input));
  checkOwn(bus, rule);
  const given = listOf(input.Targets, "Targets").map((target) => urlTarget(target as Target));
  const ids = new Set(given.map(({ targetId }) => targetId));
  bus.putRule({ ...rule, targets: [...rule.targets.filter(({ targetId }) => !ids.has(targetId)), ...given] });
  return { FailedEntryCount: 0, FailedEntries: [] };
}

function removeTargets(bus: LocalBus, input: Input) {
  const rule = findRule(bus, ofRule(input));
  checkOwn(bus, rule);
  const ids = new Set(listOf(input.Ids, "Ids"));
  bus.putRule({ ...rule, targets: rule.targets.filter(({ targetId }) => !ids.has(targetId)) });
  return { FailedEntryCount: 0, FailedEntries: [] };
}

/** A target that is put at run time is an address on this machine. */
function urlTarget(target: Target): RuleTarget {
  const { Id, Arn, Input: input, InputPath: inputPath, InputTransformer, RetryPolicy = {}, DeadLetterConfig } = target;
  if (typeof Id !== "string" || Id === "")
    throw new ValidationException(`Targets: expected an Id, got ${JSON.stringify(Id)}`);
  const refuse = (field: string, expected: string, got: unknown): never => {
    throw new ValidationException(`${field} of target ${Id}: expected ${expected}, got ${JSON.stringify(got)}`);
  };
  if (!isLoopbackUrl(Arn)) refuse("Arn", "the address of a server on this machine (http://127.0.0.1:PORT/…)", Arn);
  if (InputTransformer !== undefined) refuse("InputTransformer", "Input or InputPath here", InputTransformer);
  if (DeadLetterConfig?.Arn !== undefined) refuse("DeadLetterConfig", "none here", DeadLetterConfig);
  if (input !== undefined && !isJson(input)) refuse("Input", "JSON", input);
  if (inputPath !== undefined && readInputPath(inputPath) === undefined)
    refuse("InputPath", "a path like $.detail.name", inputPath);
  const { MaximumRetryAttempts = 185, MaximumEventAgeInSeconds = 86_400 } = RetryPolicy;
  return {
    kind: "url",
    id: String(Arn),
    targetId: Id,
    deadLetter: undefined,
    maxRetries: MaximumRetryAttempts,
    maxAgeSeconds: MaximumEventAgeInSeconds,
    input,
    inputPath,
  };
}

function isLoopbackUrl(text: unknown): boolean {
  if (typeof text !== "string" || !URL.canParse(text)) return false;
  const { protocol, host } = new URL(text);
  return protocol === "http:" && isLoopback(host);
}

function listOf(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0)
    throw new ValidationException(`${field}: expected a list of at least one, got ${JSON.stringify(value)}`);
  return value;
}

const describeBus = (bus: LocalBus, Name: string) => ({ Name, Arn: arn(bus, `event-bus/${Name}`) });

function checkBus(bus: LocalBus, name: string): string {
  if (!bus.hasBus(name)) throw new ResourceNotFoundException(`Event bus ${name} does not exist.`);
  return name;
}

const describeRule = (on: LocalBus, { name, bus, pattern, isEnabled }: Rule) => ({
  Name: name,
  Arn: arn(on, `rule/${bus}/${name}`),
  EventBusName: bus,
  EventPattern: JSON.stringify(pattern),
  State: isEnabled ? "ENABLED" : "DISABLED",
});

const arn = (bus: LocalBus, resource: string): string => `arn:aws:events:${bus.region}:000000000000:${resource}`;

function switchRule(bus: LocalBus, input: RuleName, isEnabled: boolean) {
  const rule = findRule(bus, input);
  checkOwn(bus, rule);
  bus.putRule({ ...rule, isEnabled });
  return {};
}

function findRule(bus: LocalBus, input: RuleName): Rule {
  const rule = bus.rules.find(isNamed(input));
  if (!rule)
    throw new ResourceNotFoundException(
      `Rule ${input.Name} does not exist on EventBus ${busName(input.EventBusName)}.`,
    );
  return rule;
}

const isNamed =
  ({ Name, EventBusName }: RuleName) =>
  ({ name, bus }: Rule): boolean =>
    name === Name && bus === busName(EventBusName);

function checkOwn(bus: LocalBus, rule: Pick<Rule, "name" | "bus">): void {
  if (bus.isDeclared(rule))
    throw new ManagedRuleException(`rule ${rule.name} is one of serverless.yml; change it there`);
}

/** The rule belongs to somebody else: here, to serverless.yml. */
class ManagedRuleException extends Error {
  override readonly name = "ManagedRuleException";
}

const ofRule = ({ Rule: Name, EventBusName }: Input): RuleName => ({
  Name: String(Name),
  EventBusName: busName(EventBusName),
});

/** The name behind a name or an ARN. */
const busName = (given: unknown): string =>
  String(given ?? "default")
    .split("/")
    .at(-1) ?? "default";

const describeTarget = ({ id, targetId, kind, input, inputPath }: RuleTarget) => ({
  Id: targetId ?? `${kind}-${id}`,
  Arn: id,
  Input: input,
  InputPath: inputPath,
});

function parsePattern(text: unknown): object {
  const pattern = parseObject(text);
  if (!pattern) throw new InvalidEventPatternError("Filter is not an object");
  return pattern;
}

function parseEvent(text: unknown): object {
  const event = parseObject(text);
  if (!event) throw new ValidationException("Parameter Event is not valid. Reason: it is no JSON object.");
  return event;
}

function parseObject(text: unknown): object | undefined {
  if (typeof text !== "string" || !isJson(text)) return undefined;
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

type Input = Readonly<Record<string, unknown>>;
interface RuleName {
  readonly Name?: string;
  readonly EventBusName?: string;
}

/** The EventBridge operations that are answered, by the last part of X-Amz-Target. */
export const OPERATIONS: Readonly<Record<string, (bus: LocalBus, input: Input) => unknown>> = {
  PutEvents: (bus, { Entries = [] }) => bus.putEvents(Entries as PutEventsEntry[]),
  DescribeEventBus: (bus, { Name = "default" }) => describeBus(bus, checkBus(bus, String(Name))),
  ListEventBuses: (bus, { NamePrefix = "" }) => ({
    EventBuses: bus.buses.filter((name) => name.startsWith(String(NamePrefix))).map((name) => describeBus(bus, name)),
  }),
  PutRule: putRule,
  DescribeRule: (bus, input) => describeRule(bus, findRule(bus, input)),
  ListRules: (bus, { EventBusName, NamePrefix = "" }) => {
    const of = checkBus(bus, busName(EventBusName));
    const rules = bus.rules.filter(({ name, bus: own }) => own === of && name.startsWith(String(NamePrefix)));
    return { Rules: rules.map((rule) => describeRule(bus, rule)) };
  },
  DeleteRule: (bus, input) => {
    const rule = bus.rules.find(isNamed(input));
    if (!rule) return {};
    checkOwn(bus, rule);
    if (rule.targets.length > 0) throw new ValidationException("Rule can't be deleted since it has targets.");
    bus.deleteRule(rule);
    return {};
  },
  EnableRule: (bus, input) => switchRule(bus, input, true),
  DisableRule: (bus, input) => switchRule(bus, input, false),
  PutTargets: putTargets,
  ListTargetsByRule: (bus, input) => ({ Targets: findRule(bus, ofRule(input)).targets.map(describeTarget) }),
  RemoveTargets: removeTargets,
  TestEventPattern: (_bus, { EventPattern, Event }) => ({
    Result: compileEventPattern(parsePattern(EventPattern))(parseEvent(Event)),
  }),
};

export class ResourceNotFoundException extends Error {
  override readonly name = "ResourceNotFoundException";
}
