import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { asError, describeThrown, isThenable, isWellFormed, messageOf } from "../../../src/event-store/index.ts";
import { THROWN } from "../../support/blame.ts";

test.each(Object.entries(THROWN))("%s is described in well-formed text of a bounded length", (_, value) => {
  const text = describeThrown(value());
  expect(isWellFormed(text)).toBe(true);
  expect(text.length).toBeLessThanOrEqual(8_000);
  expect(typeof messageOf(value())).toBe("string");
  expect(asError(value())).toBeInstanceOf(Error);
});

test("causes are described, each once, and not without end", () => {
  const inner = new Error("inner");
  expect(describeThrown(new Error("outer", { cause: inner }))).toMatch(/outer[\s\S]*Caused by: [\s\S]*inner/);
  let chain = new Error("0");
  for (let n = 1; n < 50; n += 1) chain = new Error(String(n), { cause: chain });
  expect(describeThrown(chain).split("Caused by").length).toBeLessThanOrEqual(5);
});

test("any text at any limit stays well-formed and within it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 30 }), (text, limit) => {
      const error = new Error("x");
      error.stack = text;
      const described = describeThrown(error, limit);
      expect(described.length).toBeLessThanOrEqual(limit);
      expect(isWellFormed(described)).toBe(true);
    }),
  );
});

test("a promise is known by its then, whoever made it", () => {
  const withThen = (then: PropertyDescriptor) => Object.defineProperty({}, ["th", "en"].join(""), then);
  const throws = () => {
    throw new Error("no");
  };
  const values = [
    Promise.resolve(),
    withThen({ value: () => undefined }),
    withThen({ value: 1 }),
    withThen({ get: throws }),
  ];
  expect([...values, null, "x"].map(isThenable)).toEqual([true, true, false, false, false, false]);
});
