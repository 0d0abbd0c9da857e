import { expect, test } from "@jest/globals";
import { findingOf } from "../../../src/cli/doctor/check-clock.ts";
import { checkNode } from "../../../src/cli/doctor/check-versions.ts";
import { failureOf, UnreachableError, UsageError } from "../../../src/cli/failure.ts";
import type { Io } from "../../../src/cli/io.ts";
import { nearest } from "../../../src/cli/nearest.ts";
import { createProgress } from "../../../src/cli/progress.ts";
import { tableLines } from "../../../src/cli/table.ts";
import { parseExactly } from "../../../src/operations/exact-json.ts";

test.each([
  ["prjections", "projections"],
  ["rebiuld", "rebuild"],
  ["REBUILD", "rebuild"],
  ["proj", "projections"],
  ["shwo", "show"],
  ["drop", "drop"],
  ["x", undefined],
  ["unrelated", undefined],
])("%s means %s", (given, name) => {
  expect(nearest(given, ["projections", "rebuild", "show", "drop"])).toBe(name);
});

/** An Io whose clock stands still until it is told. */
function quietIo(isTerminal: boolean) {
  let now = 0;
  let told = "";
  const io = { clock: () => new Date(now), tell: (text: string) => (told += text), isTerminal } as unknown as Io;
  return { io, told: () => told, wait: (seconds: number) => (now += seconds * 1_000) };
}

test("progress is a line every few seconds, with rate and time left from what this run has done", () => {
  const { io, told, wait } = quietIo(false);
  const { tell, end } = createProgress(io, false, { unit: "events", total: 10_000 });
  tell(4_000);
  wait(3);
  tell(4_300);
  expect(told()).toBe("");
  wait(2);
  tell(4_500, "p-1");
  wait(1);
  tell(4_600);
  wait(300);
  tell(10_500);
  end();
  expect(told()).toBe("4500 of 10000 events, 100/s, 55 s left, p-1\n10500 events, 21/s\n");
});

test("progress on a terminal is one line that is written over, and left at the end", () => {
  const { io, told, wait } = quietIo(true);
  const { tell, end } = createProgress(io, false, { unit: "events" });
  wait(1);
  tell(1);
  wait(1);
  tell(201);
  end();
  expect(told()).toBe("\r\u001b[K1 events\r\u001b[K201 events, 200/s\r\u001b[K201 events, 200/s\n");
});

test("progress with --json is lines of JSON", () => {
  const { io, told, wait } = quietIo(true);
  const { tell, end } = createProgress(io, true, { unit: "events", total: 20_000 });
  tell(0);
  wait(10);
  tell(10_000);
  end();
  expect(JSON.parse(told())).toEqual({
    progress: { done: 10_000, total: 20_000, unit: "events", perSecond: 1_000, secondsLeft: 10 },
  });
});

test("a table's columns are as wide as their widest cell, and what is not there is a dash", () => {
  expect(tableLines([{ name: "a", n: 1 }, { name: "long", n: 22, more: { x: 1 } }, { name: "b" }])).toEqual([
    "name  n   more",
    "a     1   -",
    'long  22  {"x":1}',
    "b     -   -",
  ]);
  expect(tableLines([])).toEqual([]);
});

const sdkError = (name: string, httpStatusCode: number) =>
  Object.assign(new Error(`${name}!`), { name, $metadata: { httpStatusCode } });

test.each([
  [new UsageError("x"), 2],
  [new UnreachableError("x"), 3],
  [new Error("Region is missing"), 3],
  [Object.assign(new Error("x"), { name: "CredentialsProviderError" }), 3],
  [sdkError("ResourceNotFoundException", 400), 3],
  [sdkError("AccessDeniedException", 400), 3],
  [sdkError("ThrottlingException", 400), 3],
  [Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), 3],
  [Object.assign(new Error("x"), { code: "UNAVAILABLE" }), 3],
  [sdkError("ConditionalCheckFailedException", 400), 1],
  [sdkError("ValidationException", 400), 1],
  [new Error("x"), 1],
  ["x", 1],
])("%s ends with %i", (error, exitCode) => {
  expect(failureOf(error)).toEqual({ exitCode, message: expect.stringMatching(/./) });
});

test.each([
  [0.4, "ok"],
  [-8, "warn"],
  [301, "fail"],
])("a clock that is %d s off is %s", (seconds, result) => {
  expect(findingOf(seconds).result).toBe(result);
});

test.each([
  ["18.20.0", "fail"],
  ["20.18.3", "fail"],
  ["20.19.0", "ok"],
  ["22.0.0", "ok"],
])("node %s is %s", (version, result) => {
  expect(checkNode(version).result).toBe(result);
});

test.each([
  '{"n":0.1}',
  '{"n":1e21}',
  '{"n":-1.5e-7}',
  '{"n":9007199254740992}',

  '{"s":"12345678901234567890"}',
  '{"n":100000000000000000000}',
])("%s is held exactly", (text) => {
  expect(parseExactly(text)).toEqual(JSON.parse(text));
});

test.each([
  '{"n":12345678901234567890}',
  '{"n":123456789012345678e5}',
  '{"n":0.12345678901234567890}',
  '{"a":[1,{"n":9007199254740993}]}',
])("%s is refused: it would be another number", (text) => {
  expect(() => parseExactly(text)).toThrow("expected numbers that are held exactly");
});
