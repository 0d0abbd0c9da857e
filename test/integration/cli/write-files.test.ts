import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import * as z from "zod";
import { sampleOf } from "../../../src/cli/sample.ts";
import { call } from "./test-io.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "streamfold-files-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (path: string) => readFileSync(join(folder, path), "utf8");
const everything = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;

test("init writes every file of a service, with versions and without a placeholder", async () => {
  const { code, out } = await call("init shop-floor", { folder });
  expect([code, out]).toEqual([0, expect.stringContaining("cd shop-floor && npm install && npm start")]);
  const manifest = JSON.parse(read("shop-floor/package.json"));
  expect(manifest).toMatchObject({ name: "shop-floor", dependencies: { streamfold: "^0.1.0" } });
  expect(manifest.devDependencies.serverless).toBe("npm:osls@4.3.1");
  expect(read("shop-floor/serverless.yml")).toContain("\nservice: shop-floor\n");
  expect(existsSync(join(folder, "shop-floor/.gitignore"))).toBe(true);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) expect(readFileSync(join(entry.parentPath, entry.name), "utf8")).not.toMatch(/__\w+__/);
});

test("init takes an empty folder, and none that has something in it", async () => {
  mkdirSync(join(folder, "shop"));
  expect((await call("init shop", { folder })).code).toBe(0);
  const before = everything();
  const again = await call("init shop", { folder });
  expect(again).toMatchObject({
    code: 2,
    out: "",
    err: expect.stringContaining("nothing was written: there is something"),
  });
  expect(everything()).toBe(before);
});

test("add writes none of its files when one of them is there", async () => {
  writeFileSync(join(folder, "package.json"), "{}");
  mkdirSync(join(folder, "test"));
  writeFileSync(join(folder, "test/invoice.test.ts"), "mine");
  const refused = await call("add aggregate Invoice", { folder });
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining("test/invoice.test.ts is there already") });
  expect([read("test/invoice.test.ts"), everything()]).toEqual(["mine", 2]);
});

test.each([
  ["credit-note", "src/aggregates/credit-note.ts", "aggregates: { …, creditNotes: creditNote }"],
  ["CreditNote", "src/aggregates/credit-note.ts", "aggregates: { …, creditNotes: creditNote }"],
  ["category", "src/aggregates/category.ts", "aggregates: { …, categories: category }"],
  ["box", "src/aggregates/box.ts", "aggregates: { …, boxes: box }"],
])("add aggregate %s writes %s", async (name, file, advice) => {
  writeFileSync(join(folder, "package.json"), "{}");
  mkdirSync(join(folder, "src"));
  const { code, out } = await call(["add", "aggregate", name], { folder: join(folder, "src") });
  expect([code, out]).toEqual([0, expect.stringContaining(advice)]);
  expect(existsSync(join(folder, file))).toBe(true);
});

test.each(["7up", "a b", "../x", "class", "a--b", ""])("'%s' is no name for an aggregate", async (name) => {
  writeFileSync(join(folder, "package.json"), "{}");
  expect((await call(["add", "aggregate", name], { folder })).code).toBe(2);
  expect(everything()).toBe(1);
});

test("without a package.json add says so", async () => {
  const { code, err } = await call("add aggregate invoice", { folder });
  expect([code, err]).toEqual([2, expect.stringContaining("there is no package.json in")]);
});

test("a sample is made of what a schema says, and undefined where that is not enough", async () => {
  const schema = z.object({
    name: z.string().min(3),
    at: z.iso.datetime(),
    kind: z.enum(["a", "b"]),
    amount: z.int().min(5),
    share: z.number().positive(),
    tags: z.array(z.string()).min(2),
    of: z.object({ id: z.uuid(), note: z.string().nullable() }),
    more: z.string().optional(),
  });
  expect(await sampleOf(schema)).toEqual({
    name: "xxx",
    at: "2026-01-01T00:00:00.000Z",
    kind: "a",
    amount: 5,
    share: 1,
    tags: ["x", "x"],
    of: { id: "11111111-1111-4111-8111-111111111111", note: "x" },
  });
  expect(await sampleOf(z.object({ code: z.string().regex(/^[A-Z]{3}-\d+$/) }))).toBeUndefined();
});
