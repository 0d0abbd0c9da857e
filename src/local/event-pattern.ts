import { InvalidEventPatternError, type Matcher, OPERATOR_NAMES, readMatcher } from "./event-pattern-values.ts";

export { InvalidEventPatternError } from "./event-pattern-values.ts";

/**
 * Compiles an EventBridge event pattern ("Comparison operators for use in event patterns").
 *
 * @throws {InvalidEventPatternError}
 */
export function compileEventPattern(pattern: object): (event: object) => boolean {
  const alternatives = compile(pattern as Fields, "").map(presentFirst);
  return (event) => {
    const leaves = leavesOf(event, "", { within: new Map() });
    return alternatives.some((fields) => holds(fields, leaves, new Map()));
  };
}

/** The pattern as alternatives, each a list of fields that must all match. */
function compile(pattern: Fields, path: string): Field[][] {
  const keys = Object.keys(pattern);
  if (keys.length === 0) throw new InvalidEventPatternError("Empty objects are not allowed");
  return keys.reduce<Field[][]>(
    (alternatives, key) => {
      const value = pattern[key];
      if (key === "$or")
        return cross(
          alternatives,
          branchesOf(value).flatMap((branch) => compile(branch, path)),
        );
      if (isObject(value)) return cross(alternatives, compile(value, join(path, key)));
      if (!Array.isArray(value)) throw new InvalidEventPatternError(`"${key}" must be an object or an array`);
      if (value.length === 0) throw new InvalidEventPatternError("Empty arrays are not allowed");
      return cross(alternatives, [[{ path: join(path, key), matchers: value.map(readMatcher) }]]);
    },
    [[]],
  );
}

const cross = (a: Field[][], b: Field[][]): Field[][] => a.flatMap((one) => b.map((other) => [...one, ...other]));

/** `$or` is an operator only as a list of two or more objects whose fields are no operators. */
function branchesOf(value: unknown): Fields[] {
  if (!Array.isArray(value)) throw new InvalidEventPatternError("It must be an Array followed with $or.");
  if (value.length < 2) throw new InvalidEventPatternError("There must have at least 2 Objects in $or relationship.");
  return value.map((branch) => {
    if (!isObject(branch))
      throw new InvalidEventPatternError("Only JSON object is allowed in array of $or relationship.");
    const reserved = Object.keys(branch).find((key) => OPERATOR_NAMES.has(key));
    if (reserved)
      throw new InvalidEventPatternError(`${reserved} is Ruler reserved fieldName which cannot be used inside $or.`);
    return branch;
  });
}

/** Fields that may be absent are looked at last, when the array elements are chosen. */
const presentFirst = (fields: readonly Field[]): Field[] =>
  [...fields].sort((a, b) => Number(a.matchers.includes("absent")) - Number(b.matchers.includes("absent")));

/** Arrays are passed through: each element is a value of the field, or leads to its own values. */
function leavesOf(
  value: unknown,
  path: string,
  { within, array = path }: { readonly within: ReadonlyMap<string, number>; readonly array?: string | undefined },
): Leaf[] {
  if (Array.isArray(value)) {
    return value.flatMap((element: unknown, index) =>
      leavesOf(element, path, { within: new Map(within).set(array, index), array: `${array}[${index}]` }),
    );
  }
  if (isObject(value))
    return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, join(path, key), { within }));
  return [{ path, value, within }];
}

/** A field of a pattern: its path, joined by dots as EventBridge does, and the entries that are ORed. */
interface Field {
  readonly path: string;
  readonly matchers: readonly Matcher[];
}

/** A value of an event with the array elements that lead to it. */
interface Leaf {
  readonly path: string;
  readonly value: unknown;
  readonly within: ReadonlyMap<string, number>;
}

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const join = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

function holds(fields: readonly Field[], leaves: readonly Leaf[], within: ReadonlyMap<string, number>): boolean {
  const [field, ...others] = fields;
  if (!field) return true;
  const candidates = leaves.filter((leaf) => leaf.path === field.path && agree(leaf.within, within));
  if (candidates.length === 0) return field.matchers.includes("absent") && holds(others, leaves, within);
  return candidates.some(
    (leaf) =>
      field.matchers.some((matcher) => matcher !== "absent" && matcher.test(leaf.value)) &&
      holds(others, leaves, new Map([...within, ...leaf.within])),
  );
}

/** Values of different fields must not come from different elements of one array. */
const agree = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean =>
  [...a].every(([array, index]) => (b.get(array) ?? index) === index);
