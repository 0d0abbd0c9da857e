import { type Fields, fieldsOf, logicalId, numberOr, type Resource } from "./resolved.ts";
import type { Rule, RuleTarget } from "./service-definition.ts";

export type BusNames = ReadonlyMap<string, string>;

/** The rule of an `eventBridge` event of a function; undefined for a schedule, which is no rule on events. */
export function readFunctionRule(
  functionKey: string,
  index: number,
  { event, buses }: { readonly event: Fields; readonly buses: BusNames },
): Rule | undefined {
  if (event.pattern === undefined) return undefined;
  const { deadLetterQueueArn: deadLetter, retryPolicy, input, inputPath, inputTransformer } = event;
  const target = readTarget("function", functionKey, { deadLetter, retryPolicy, input, inputPath, inputTransformer });
  return {
    name: `${functionKey}-rule-${index + 1}`,
    bus: busName(buses, event.eventBus),
    pattern: event.pattern as object,
    isEnabled: event.enabled !== false && event.state !== "DISABLED",
    targets: [target],
  };
}

/** A rule of the resources; undefined for a schedule, which is no rule on events. */
export function readRule(id: string, { Properties = {} }: Resource, buses: BusNames): Rule | undefined {
  if (Properties.EventPattern === undefined) return undefined;
  const targets = ((Properties.Targets ?? []) as Fields[]).map((target) =>
    readTarget("queue", logicalId(target.Arn) ?? "", {
      deadLetter: fieldsOf(target.DeadLetterConfig).Arn,
      retryPolicy: target.RetryPolicy,
      input: target.Input,
      inputPath: target.InputPath,
      inputTransformer: target.InputTransformer,
    }),
  );
  return {
    name: id,
    bus: busName(buses, Properties.EventBusName),
    pattern: Properties.EventPattern as object,
    isEnabled: Properties.State !== "DISABLED",
    targets,
  };
}

/** EventBridge's own defaults for a target: "Event retry policy and using dead-letter queues". */
function readTarget(kind: RuleTarget["kind"], id: string, given: GivenTarget): RuleTarget {
  const { deadLetter, retryPolicy, input, inputPath, inputTransformer } = given;
  const policy = fieldsOf(retryPolicy);
  if (inputTransformer !== undefined)
    throw new Error(`the local bus does not know inputTransformer, which serverless.yml gives the target ${id}`);
  return {
    kind,
    id,
    deadLetter: logicalId(deadLetter),
    maxRetries: numberOr(policy.maximumRetryAttempts ?? policy.MaximumRetryAttempts, 185),
    maxAgeSeconds: numberOr(policy.maximumEventAge ?? policy.MaximumEventAgeInSeconds, 86_400),
    input: input === undefined || typeof input === "string" ? input : JSON.stringify(input),
    inputPath: inputPath === undefined ? undefined : String(inputPath),
  };
}

interface GivenTarget {
  readonly deadLetter: unknown;
  readonly retryPolicy: unknown;
  readonly input: unknown;
  readonly inputPath: unknown;
  readonly inputTransformer: unknown;
}
const busName = (buses: BusNames, value: unknown): string => {
  const id = logicalId(value) ?? "default";
  return buses.get(id) ?? id;
};
