import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { compileEventPattern } from "../../../src/local/event-pattern.ts";

interface Case {
  /** Where AWS says so. */
  readonly source: string;
  readonly pattern: object;
  readonly event: object;
  readonly matches: boolean;
  readonly note: string;
}

const cases = JSON.parse(readFileSync(new URL("./event-pattern-cases.json", import.meta.url), "utf8")) as Case[];

describe("AWS's documented and recorded examples", () => {
  test.each(cases.map((one, index) => [index, one.note, one] as const))(
    "%i: %s",
    (_index, _note, { pattern, event, matches, source }) => {
      expect({ source, pattern, event, matches: compileEventPattern(pattern)(event) }).toEqual({
        source,
        pattern,
        event,
        matches,
      });
    },
  );
});

test.each([
  [{ a: 1 }, '"a" must be an object or an array'],
  [{ a: [] }, "Empty arrays are not allowed"],
  [{ a: {} }, "Empty objects are not allowed"],
  [{ a: [{ like: "x" }] }, "Unrecognized match type like"],
  [{ a: [{ prefix: "x", suffix: "y" }] }, "Only one key allowed in match expression"],
  [{ a: [{ exists: "yes" }] }, "exists match pattern must be either true or false."],
  [{ a: [{ numeric: ["<", "x"] }] }, "Value of < must be numeric"],
  [{ a: [{ numeric: ["<", 5, ">", 1] }] }, "Bad numeric range operator: >"],
  [{ a: [{ numeric: [">", 6e9] }] }, "must be between"],
  [{ a: [{ cidr: "10.0.0.0" }] }, "Malformed CIDR, one '/' required"],
  [{ a: [{ wildcard: "a**b" }] }, "Consecutive wildcard characters"],
  [{ a: [{ "anything-but": ["a", 1] }] }, "mixed type is not supported"],
  [{ a: [{ "anything-but": { numeric: ["<", 5] } }] }, "Unsupported anything-but pattern: numeric"],
  [{ a: [{ prefix: { suffix: "x" } }] }, "Unsupported prefix pattern: suffix"],
  [{ $or: [{ a: [1] }] }, "at least 2 Objects in $or"],
  [{ $or: [{ a: [1] }, { prefix: [1] }] }, "reserved fieldName"],
])("%j is refused in EventBridge's words", (pattern, reason) => {
  expect(() => compileEventPattern(pattern)).toThrow(reason);
});
