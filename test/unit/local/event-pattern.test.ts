import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { compileEventPattern, InvalidEventPatternError } from "../../../src/local/event-pattern.ts";

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

test("a pattern of many stars costs no more than the text is long", () => {
  const matches = compileEventPattern({ a: [{ wildcard: `${"*a".repeat(1_000)}*b` }] });
  const begun = performance.now();
  expect(matches({ a: "a".repeat(100_000) })).toBe(false);
  expect(matches({ a: `${"a".repeat(100_000)}b` })).toBe(true);
  expect(performance.now() - begun).toBeLessThan(2_000);
});

test.each([
  ["a*c", "abc", true],
  ["a*c", "ac", true],
  ["a*c", "abcd", false],
  ["a*a", "a", false],
  ["ab*ba", "aba", false],
  ["*", "", true],
  ["*a*", "a", true],
  ["*aa*aa*", "aaa", false],
  ["*aa*aa*", "aaaa", true],
  ["*.png", "x.png.png", true],
  ["a\\*c", "a*c", true],
  ["a\\*c", "abc", false],
  ["a\\\\*", "a\\b", true],
  ["", "", true],
])("wildcard %s on %s: %s", (wildcard, value, isMatch) => {
  expect(compileEventPattern({ a: [{ wildcard }] })({ a: value })).toBe(isMatch);
});

test.each([
  "10.0.0.0/33",
  "10.0.0.0/-1",
  "10.0.0.0/",
  "10.0.0.0/x",
  "10.0.0.0/8.5",
  "10.0.0.0/8/8",
  "::/129",
  "x/8",
  "/8",
])("cidr %s is an invalid pattern", (cidr) => {
  expect(() => compileEventPattern({ a: [{ cidr }] })).toThrow(InvalidEventPatternError);
});
