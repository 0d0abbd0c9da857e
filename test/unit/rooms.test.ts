import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";

/** The arrows between the rooms of src/, over planted files: a wrong one is refused, a right one is not. */
const folder = mkdtempSync(join(tmpdir(), "streamfold-rooms-"));
afterAll(() => rmSync(folder, { recursive: true }));

const REFUSED: readonly (readonly [file: string, code: string])[] = [
  ["src/event-store/a.ts", 'import { x } from "./dynamodb/index.ts";'],
  ["src/event-store/b.ts", 'import type { X } from "../definition/index.ts";'],
  ["src/definition/a.ts", 'export * from "../aggregate/index.ts";'],
  ["src/aggregate/a.ts", 'import { x } from "../event-store/dynamodb/index.ts";'],
  ["src/stream/a.ts", 'export const x = await import("../projector/index.ts");'],
  ["src/projector/a.ts", 'import { x } from "./dynamodb/index.ts";'],
  ["src/projector/dynamodb/a.ts", 'import { x } from "../../publisher/index.ts";'],
  ["src/http/a.ts", 'import { x } from "../product/index.ts";'],
  ["src/lambda/a.ts", 'import { x } from "../../projections/x.ts";'],
  ["src/local/a.ts", 'import { x } from "../../scripts/x.mjs";'],
  ["src/testing/a.ts", 'import { x } from "../projector/dynamodb/index.ts";'],
  ["src/publisher/a.ts", 'import { x } from "../index.ts";'],
  ["src/snapshotter/a.ts", 'import { x } from "@aws-sdk/client-dynamodb";'],
  ["projections/a.ts", 'import { x } from "../src/http/index.ts";'],
];
const TAKEN: readonly (readonly [file: string, code: string])[] = [
  ["src/event-store/dynamodb/c.ts", 'import { x } from "../errors.ts";\nimport { y } from "@aws-sdk/client-dynamodb";'],
  ["src/stream/dynamodb-c.ts", 'import { x } from "@aws-sdk/lib-dynamodb";'],
  ["src/product/c.ts", 'import { x } from "../lambda/api.ts";\nimport { y } from "../../projections/x.ts";'],
  ["projections/c.ts", 'import { x } from "../src/product/product.ts";'],
];

test("an import from a room further up is refused, one from further down is not", () => {
  cpSync(".biome/rooms.grit", join(folder, "rooms.grit"));
  const config = { root: true, plugins: ["./rooms.grit"], linter: { rules: { recommended: false } } };
  writeFileSync(join(folder, "biome.json"), JSON.stringify(config));
  for (const [file, code] of [...REFUSED, ...TAKEN]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `${code}\n`);
  }
  const biome = join(process.cwd(), "node_modules/@biomejs/biome/bin/biome");
  const args = [biome, "lint", "--reporter=json", "--max-diagnostics=none"];
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { location: { path: string | { file: string } } }[] };
  const refused = diagnostics.map(({ location: { path } }) => (typeof path === "string" ? path : path.file));
  const files = refused.filter((file) => file.endsWith(".ts"));
  expect([...new Set(files)].sort()).toEqual(REFUSED.map(([file]) => file).sort());
});
