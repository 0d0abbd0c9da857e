import { type Fields, fieldsOf, logicalId, numberOr, type Resource } from "./resolved.ts";
import type { Rule, RuleTarget } from "./service-definition.ts";

/** EventBridge's own defaults for a target: "Event retry policy and using dead-letter queues". */
function readTarget(kind: RuleTarget["kind"], id: string, deadLetter: unknown, retryPolicy: unknown): RuleTarget {
  const policy = fieldsOf(retryPolicy);
  return {
    kind,
    id,
    deadLetter: logicalId(deadLetter),
    maxRetries: numberOr(policy.maximumRetryAttempts ?? policy.MaximumRetryAttempts, 185),
    maxAgeSeconds: numberOr(policy.maximumEventAge ?? policy.MaximumEventAgeInSeconds, 86_400),
  };
}

export type BusNames = ReadonlyMap<string, string>;
const busName = (buses: BusNames, value: unknown): string => {
  const id = logicalId(value) ?? "default";
  return buses.get(id) ?? id;
};

export function readFunctionRule(functionKey: string, index: number, event: Fields, buses: BusNames): Rule {
  const target = readTarget("function", functionKey, event.deadLetterQueueArn, event.retryPolicy);
  const pattern = (event.pattern ?? {}) as object;
  return { name: `${functionKey}-rule-${index + 1}`, bus: busName(buses, event.eventBus), pattern, targets: [target] };
}

export function readRule(id: string, { Properties = {} }: Resource, buses: BusNames): Rule {
  const targets = ((Properties.Targets ?? []) as Fields[]).map(({ Arn, DeadLetterConfig, RetryPolicy }) =>
    readTarget("queue", logicalId(Arn) ?? "", fieldsOf(DeadLetterConfig).Arn, RetryPolicy),
  );
  return {
    name: id,
    bus: busName(buses, Properties.EventBusName),
    pattern: Properties.EventPattern as object,
    targets,
  };
}
