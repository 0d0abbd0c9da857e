import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { partitionPart, sortPart } from "../../../src/stream/index.ts";

const bytesOf = (text: string): number => Buffer.byteLength(text);
const ids = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
  fc.integer({ min: 90, max: 2_048 }).map((length) => "x".repeat(length)),
  fc.integer({ min: 30, max: 680 }).map((length) => "é€"[length % 2]!.repeat(length)),
);

test("every id fits: beside a prefix in a partition key, behind a sort in a sort key", () => {
  fc.assert(
    fc.property(ids, (id) => {
      expect(bytesOf(partitionPart(id))).toBeLessThanOrEqual(1_001);
      expect(bytesOf(sortPart(id))).toBeLessThanOrEqual(129);
    }),
  );
});

test("two ids never become one part, also where one is the other's shortened form", () => {
  fc.assert(
    fc.property(fc.uniqueArray(ids, { minLength: 2, maxLength: 6 }), (all) => {
      const forms = [...new Set(all.flatMap((id) => [id, sortPart(id), partitionPart(id)]))];
      expect(new Set(forms.map(sortPart)).size).toBe(new Set(forms).size);
      expect(new Set(forms.map(partitionPart)).size).toBe(new Set(forms).size);
    }),
  );
});

test("ids of a usual length are kept as they are", () => {
  for (const id of ["p-1", "x".repeat(128), "ä".repeat(64)]) expect(sortPart(id)).toBe(id);
  expect(partitionPart("x".repeat(1_000))).toBe("x".repeat(1_000));
});
