import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { fileProgress } from "../../../src/local/file-progress.ts";
import { Journal } from "../../../src/local/journal.ts";
import { DamagedFileError, readState, writeWhole } from "../../../src/local/state-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "state-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("what was written is read, and what is not there is nothing", () => {
  const path = join(folder, "deep", "a.json");
  expect(readState(path, "x")).toBeUndefined();
  writeWhole(path, '{"a":1}');
  expect(readState(path, "x")).toEqual({ a: 1 });
});

test.each(["", '{"streamArn":"arn","sha', "null", "[]", "5", "\0\0\0"])("'%s' is named with what to do", (text) => {
  const path = join(folder, "a.json");
  writeFileSync(path, text);
  const read = () => readState(path, "delete it");
  expect(read).toThrow(DamagedFileError);
  expect(read).toThrow(new RegExp(`^${path} is damaged \\(.+\\); delete it, or start with --fresh`));
});

test.each([
  '{"streamArn":"arn"}',
  '{"shards":{}}',
  '{"streamArn":"arn","shards":{"s":7}}',
  '{"streamArn":"arn","shards":{"s":{"sequenceNumber":7}}}',
])("positions like %s are damaged", (text) => {
  const path = join(folder, "projector.json");
  writeFileSync(path, text);
  expect(() => fileProgress(path, "arn")).toThrow(/projector.json is damaged .*its function is sent again/);
});

test("positions are kept, and those of another stream are none", async () => {
  const path = join(folder, "projector.json");
  await fileProgress(path, "arn").save("s", { sequenceNumber: "7" });
  expect([...fileProgress(path, "arn").shards]).toEqual([["s", { sequenceNumber: "7" }]]);
  expect(fileProgress(path, "other").shards.size).toBe(0);
});

test("a line in the middle of a journal that is no JSON is named by its number; a torn last one is cut off", () => {
  const path = join(folder, "a.jsonl");
  writeFileSync(path, '{"a":1}\n{"a":2}\n{"a"');
  expect(new Journal(path).read()).toEqual([{ a: 1 }, { a: 2 }]);
  expect(readFileSync(path, "utf8")).toBe('{"a":1}\n{"a":2}\n');
  writeFileSync(path, '{"a":1}\n{"a":\n{"a":3}\n');
  expect(() => new Journal(path).read()).toThrow(`${path} is damaged (line 2 is no JSON)`);
});
