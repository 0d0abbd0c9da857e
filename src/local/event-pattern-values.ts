import { BlockList, isIP } from "node:net";

/** One entry of a leaf's list. `absent` is the entry `{"exists": false}`. */
export type Matcher = { readonly test: Test } | "absent";

function wildcard(operand: unknown): Test {
  const pattern = text(operand, "wildcard");
  if (/\*\*/.test(pattern.replaceAll("\\*", ""))) refuse("Consecutive wildcard characters");
  if (/\\(?![*\\])/.test(pattern.replaceAll("\\\\", ""))) refuse("Invalid escape character");
  const pieces = piecesOf(pattern);
  return onText((value) => hasPieces(value, pieces));
}

/** What stands between the stars. */
function piecesOf(pattern: string): string[] {
  const pieces = [""];
  for (const [part] of pattern.matchAll(/\\[*\\]|\*|[^*\\]+/g)) {
    if (part === "*") pieces.push("");
    else pieces.push(pieces.pop() + (part.startsWith("\\") ? part.slice(1) : part));
  }
  return pieces;
}

/** Each piece at its first place after the one before: no choice is ever taken back, whatever the pattern. */
function hasPieces(value: string, [first = "", ...others]: readonly string[]): boolean {
  const last = others.pop();
  if (last === undefined) return value === first;
  if (!value.startsWith(first)) return false;
  let place = first.length;
  for (const piece of others) {
    const found = value.indexOf(piece, place);
    if (found < 0) return false;
    place = found + piece.length;
  }
  return value.length - last.length >= place && value.endsWith(last);
}

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "=": (a, b) => a === b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};
const NUMERIC_LIMIT = 5e9;

function numeric(operand: unknown): Test {
  if (!Array.isArray(operand)) return refuse("Value of numeric must be an array.");
  if (operand.length !== 2 && operand.length !== 4) refuse("Too many terms in numeric range expression");
  const [first, , second] = operand as unknown[];
  if (operand.length === 4 && !(String(first).startsWith(">") && String(second).startsWith("<"))) {
    refuse(`Bad numeric range operator: ${String(second)}`);
  }
  const terms: Test[] = [];
  for (let index = 0; index < operand.length; index += 2) {
    const operator = String(operand[index]);
    const bound: unknown = operand[index + 1];
    const compare = COMPARE[operator] ?? refuse(`Unrecognized numeric range operator: ${operator}`);
    if (typeof bound !== "number") return refuse(`Value of ${operator} must be numeric`);
    if (Math.abs(bound) > NUMERIC_LIMIT) refuse(`Value of ${operator} must be between -5.0E9 and 5.0E9`);
    terms.push((value) => typeof value === "number" && compare(value, bound));
  }
  return (value) => terms.every((term) => term(value));
}

function cidr(operand: unknown): Test {
  const [address = "", bits = "", ...rest] = text(operand, "cidr").split("/");
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (bits === "" || rest.length > 0 || isIP(address) === 0) refuse("Malformed CIDR, one '/' required");
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > (family === "ipv6" ? 128 : 32)) refuse("Malformed CIDR, mask bits");
  const block = new BlockList();
  block.addSubnet(address, Number(bits), family);
  return onText((value) => isIP(value) === (family === "ipv6" ? 6 : 4) && block.check(value, family));
}

const INSIDE_ANYTHING_BUT = new Set(["prefix", "suffix", "equals-ignore-case", "wildcard"]);

/** Never true of a missing field; true of values of another kind. */
function anythingBut(operand: unknown): Test {
  if (typeof operand === "object" && operand !== null && !Array.isArray(operand)) {
    const [key = "", ...others] = Object.keys(operand);
    if (!INSIDE_ANYTHING_BUT.has(key) || others.length > 0) refuse(`Unsupported anything-but pattern: ${key}`);
    const excluded = listOf((operand as Record<string, unknown>)[key], "anything but").map((one) => {
      if (typeof one !== "string") return refuse(`Inside anything-but/${key} list, ${typeof one} is not supported.`);
      return OPERATORS[key]?.(one) ?? refuse(`Unsupported anything-but pattern: ${key}`);
    });
    return (value) => !excluded.some((test) => test(value));
  }
  const excluded = listOf(operand, "anything but");
  if (!excluded.every((one) => typeof one === "string" || typeof one === "number")) {
    refuse("Value of anything-but must be an array or single string/number value.");
  }
  return (value) => !excluded.includes(value);
}

function listOf(operand: unknown, operator: string): unknown[] {
  const all: unknown[] = Array.isArray(operand) ? operand : [operand];
  if (all.length === 0) refuse("Empty arrays are not allowed");
  const kinds = new Set(all.map((one) => typeof one));
  if (kinds.size > 1)
    refuse(`Inside ${operator} list, either all values are number or string, mixed type is not supported`);
  return all;
}

/** `{"prefix": "a"}` or `{"prefix": {"equals-ignore-case": "a"}}`. */
function affix(operator: "prefix" | "suffix", operand: unknown): Test {
  const meets = (value: string, part: string) =>
    operator === "prefix" ? value.startsWith(part) : value.endsWith(part);
  if (typeof operand !== "object" || operand === null) {
    const part = text(operand, operator);
    return onText((value) => meets(value, part));
  }
  const [key, ...others] = Object.keys(operand);
  if (key !== "equals-ignore-case" || others.length > 0) refuse(`Unsupported ${operator} pattern: ${key}`);
  const part = lower(text((operand as Record<string, unknown>)["equals-ignore-case"], operator));
  return onText((value) => meets(lower(value), part));
}

const lower = (text: string): string => text.toLowerCase();

const text = (value: unknown, operator: string): string =>
  typeof value === "string" ? value : refuse(`${operator} match pattern must be a string`);

const onText =
  (test: (value: string) => boolean): Test =>
  (value) =>
    typeof value === "string" && test(value);

type Test = (value: unknown) => boolean;

const refuse = (reason: string): never => {
  throw new InvalidEventPatternError(reason);
};

/** A pattern that EventBridge would refuse. */
export class InvalidEventPatternError extends Error {
  readonly code = "INVALID_EVENT_PATTERN";
  constructor(reason: string) {
    super(`Event pattern is not valid. Reason: ${reason}`);
    this.name = "InvalidEventPatternException";
  }
}

const OPERATORS: Readonly<Record<string, (operand: unknown) => Test>> = {
  prefix: (operand) => affix("prefix", operand),
  suffix: (operand) => affix("suffix", operand),
  "equals-ignore-case": (operand) => {
    const wanted = lower(text(operand, "equals-ignore-case"));
    return onText((value) => lower(value) === wanted);
  },
  wildcard,
  numeric,
  cidr,
  "anything-but": anythingBut,
};

/** @throws {InvalidEventPatternError} in EventBridge's words */
export function readMatcher(entry: unknown): Matcher {
  if (entry === null || typeof entry !== "object") return { test: (value) => value === entry };
  if (Array.isArray(entry)) return refuse("Match value must be String, number, true, false, or null");
  const [operator = "", ...others] = Object.keys(entry);
  if (others.length > 0) refuse("Only one key allowed in match expression");
  const operand = (entry as Record<string, unknown>)[operator];
  if (operator === "exists") {
    if (typeof operand !== "boolean") refuse("exists match pattern must be either true or false.");
    return operand ? { test: () => true } : "absent";
  }
  const make = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
  return make ? { test: make(operand) } : refuse(`Unrecognized match type ${operator}`);
}

export const OPERATOR_NAMES: ReadonlySet<string> = new Set([...Object.keys(OPERATORS), "exists"]);
