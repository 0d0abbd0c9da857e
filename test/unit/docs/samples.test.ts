import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";

mkdirSync("dist", { recursive: true });
const folder = mkdtempSync("dist/samples-");
afterAll(() => rmSync(folder, { recursive: true }));

const IMPORT = /^import [\s\S]*?;[^\n]*$/gm;
/** From the folder of one page. */
const SRC = "../../../src";
const faces = ["testing", "client", "consumer", "lambda"].map((face) => [`streamfold/${face}`, [`${SRC}/${face}.ts`]]);
const paths = Object.fromEntries([["streamfold", [`${SRC}/index.ts`]], ...faces]) as object;

/** The samples of a page as one module, in their order, imports first. */
function moduleOf(page: string): string {
  const samples = [...readFileSync(page, "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
  const imports = samples.flatMap((code) => code.match(IMPORT) ?? []);
  const rest = samples.map((code) => code.replace(IMPORT, ""));
  const module = [...new Set(imports), ...rest].join("\n");
  return module.replaceAll('"./product/', `"${SRC}/product/`);
}

test.each(["README.md", "docs/subscribe.md"])("the samples of %s compile", (page) => {
  const own = mkdtempSync(join(folder, "page-"));
  writeFileSync(join(own, "samples.ts"), moduleOf(page));
  const compilerOptions = { noEmit: true, noUnusedLocals: false, paths };
  const config = { extends: "../../../tsconfig.json", compilerOptions, include: ["samples.ts"] };
  writeFileSync(join(own, "tsconfig.json"), JSON.stringify(config));
  const { stdout } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", own], { encoding: "utf8" });
  expect(stdout).toBe("");
});
