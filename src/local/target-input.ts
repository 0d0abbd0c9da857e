import type { BusEvent } from "./bus-entries.ts";
import type { RuleTarget } from "./service-definition.ts";

/** What a target is sent of an event ("Amazon EventBridge input transformation"): itself, a part of it, or a constant. */
export function inputOf({ input, inputPath }: RuleTarget, event: BusEvent): unknown {
  if (input !== undefined) return JSON.parse(input) as unknown;
  if (inputPath === undefined) return event;
  let value: unknown = event;
  for (const step of readInputPath(inputPath) ?? []) value = partOf(value, step);
  return value ?? {};
}

const partOf = (value: unknown, step: string | number): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, step)
    ? (value as Readonly<Record<string | number, unknown>>)[step]
    : undefined;

const STEP = /\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]/y;

/** The steps of a JSON path like `$.detail.items[0]`, or undefined for an invalid path. */
export function readInputPath(path: string): readonly (string | number)[] | undefined {
  if (!path.startsWith("$")) return undefined;
  const steps: (string | number)[] = [];
  for (STEP.lastIndex = 1; STEP.lastIndex < path.length; ) {
    const [, name, index, quoted] = STEP.exec(path) ?? [];
    const step = name ?? quoted ?? (index === undefined ? undefined : Number(index));
    if (step === undefined) return undefined;
    steps.push(step);
  }
  return steps;
}
