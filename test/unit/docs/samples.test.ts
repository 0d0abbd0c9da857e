import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { afterAll, expect, test } from "@jest/globals";

const PAGES = ["README.md", "docs/subscribe.md"];

// Outside the repository: packaging walks through it, and fails over a folder that goes away meanwhile.
const folder = mkdtempSync(join(realpathSync(tmpdir()), "streamfold-samples-"));
symlinkSync(resolve("node_modules"), join(folder, "node_modules"), "dir");
afterAll(() => rmSync(folder, { recursive: true }));

test(`the samples of ${PAGES.join(" and ")} compile`, () => {
  for (const page of PAGES) writeFileSync(join(folder, `${page.replaceAll("/", "-")}.ts`), moduleOf(page));
  const compilerOptions = { noEmit: true, noUnusedLocals: false, paths };
  const config = { extends: resolve("tsconfig.json"), compilerOptions, include: ["*.ts"] };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const { stdout } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", folder], {
    encoding: "utf8",
  });
  expect(stdout).toBe("");
});

const SRC = relative(folder, resolve("src"));
const faces = ["testing", "client", "consumer", "lambda"].map((face) => [`streamfold/${face}`, [`${SRC}/${face}.ts`]]);
const paths = Object.fromEntries([["streamfold", [`${SRC}/index.ts`]], ...faces]) as object;

const IMPORT = /^import [\s\S]*?;[^\n]*$/gm;

/** The samples of a page as one module, in their order, imports first. */
function moduleOf(page: string): string {
  const samples = [...readFileSync(page, "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
  const imports = samples.flatMap((code) => code.match(IMPORT) ?? []);
  const rest = samples.map((code) => code.replace(IMPORT, ""));
  const module = [...new Set(imports), ...rest].join("\n");
  return module.replaceAll('"./product/', `"${SRC}/product/`);
}
