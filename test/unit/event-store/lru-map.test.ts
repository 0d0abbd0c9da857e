import { afterEach, expect, jest, test } from "@jest/globals";
import { LruMap } from "../../../src/event-store/lru-map.ts";

afterEach(() => void jest.useRealTimers());

test("the least recently used go first; a look is no use", () => {
  const map = new LruMap<number>({ maxSize: 2 });
  map.set("a", 1);
  map.set("b", 2);
  map.get("a");
  map.peek("b");
  map.set("c", 3);
  expect(["a", "b", "c"].map((key) => map.peek(key))).toEqual([1, undefined, 3]);
});

test("sizes are what bounds it, also when an entry is replaced or alone too large", () => {
  const map = new LruMap<string>({ maxSize: 10, sizeOf: ({ length }, key) => length + key.length });
  map.set("a", "1234");
  map.set("a", "12345678");
  map.set("b", "");
  expect([map.peek("a"), map.peek("b")]).toEqual(["12345678", ""]);
  map.set("c", "123456789");
  expect([map.peek("a"), map.peek("b"), map.peek("c")]).toEqual([undefined, undefined, "123456789"]);
  map.set("c", "1234567890");
  expect(map.peek("c")).toBeUndefined();
  map.set("d", "123456789");
  expect(map.peek("d")).toBe("123456789");
});

test("an entry is forgotten after its time, which a use does not prolong and a new value does", () => {
  jest.useFakeTimers();
  const map = new LruMap<number>({ maxSize: 10, ttlMs: 1000 });
  map.set("a", 1);
  map.set("b", 1);
  jest.advanceTimersByTime(600);
  expect([map.get("a"), map.get("b")]).toEqual([1, 1]);
  map.set("b", 2);
  jest.advanceTimersByTime(600);
  expect([map.get("a"), map.get("b")]).toEqual([undefined, 2]);
});

test("an entry that was deleted leaves its room", () => {
  const map = new LruMap<number>({ maxSize: 2 });
  for (const key of ["a", "b"]) map.set(key, 1);
  map.delete("a");
  map.delete("a");
  map.set("c", 1);
  expect(["a", "b", "c"].map((key) => map.peek(key))).toEqual([undefined, 1, 1]);
});
