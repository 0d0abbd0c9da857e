import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { build } from "esbuild";
import { samplesOf } from "./pages.ts";

const FACES = ["index", "testing", "client", "consumer", "lambda"];
const specifierOf = (face: string): string => (face === "index" ? "streamfold" : `streamfold/${face}`);

/** The samples of some pages as modules in a folder of their own, a module each page. */
export class SampleModules {
  // Outside the repository: packaging walks through it, and fails over a folder that goes away meanwhile.
  readonly #folder = mkdtempSync(join(realpathSync(tmpdir()), "streamfold-samples-"));
  readonly #src = relative(this.#folder, resolve("src"));

  constructor(pages: readonly string[]) {
    symlinkSync(resolve("node_modules"), join(this.#folder, "node_modules"), "dir");
    writeFileSync(join(this.#folder, "package.json"), JSON.stringify({ type: "module" }));
    for (const page of pages) writeFileSync(join(this.#folder, `${nameOf(page)}.ts`), this.#moduleOf(page));
  }

  /** What the compiler says of them: nothing when they are right. */
  compile(): string {
    const paths = Object.fromEntries(FACES.map((face) => [specifierOf(face), [`${this.#src}/${face}.ts`]]));
    const compilerOptions = { noEmit: true, noUnusedLocals: false, paths };
    const config = { extends: resolve("tsconfig.json"), compilerOptions, include: ["*.ts"] };
    writeFileSync(join(this.#folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = resolve("node_modules/typescript/bin/tsc");
    const { stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", this.#folder], { encoding: "utf8" });
    return stdout + stderr;
  }

  /** Runs the modules of some pages, one after another in one process; what failed, by page. */
  async run(pages: readonly string[]): Promise<Readonly<Record<string, string>>> {
    await build({
      entryPoints: pages.map((page) => join(this.#folder, `${nameOf(page)}.ts`)),
      outdir: join(this.#folder, "built"),
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      platform: "node",
      format: "esm",
      target: "node20",
      packages: "external",
      alias: Object.fromEntries(FACES.map((face) => [specifierOf(face), resolve(`src/${face}.ts`)]).reverse()),
      logLevel: "silent",
    });
    const runner = join(this.#folder, "run.mjs");
    writeFileSync(runner, RUNNER);
    const files = pages.map((page) => `./built/${nameOf(page)}.mjs`);
    const { stdout, stderr } = spawnSync(process.execPath, [runner, ...files], { encoding: "utf8" });
    const failures = JSON.parse(stdout.split("\n").at(-2) || JSON.stringify({ [runner]: stderr })) as object;
    return Object.fromEntries(
      Object.entries(failures).map(([file, message]) => [pages[files.indexOf(file)] ?? file, String(message)]),
    );
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  /** Imports first. What a sample imports from a file of its own service stands in an earlier sample of the page. */
  #moduleOf(page: string): string {
    const samples = samplesOf(page);
    const imports = samples.flatMap((code) => code.match(IMPORT) ?? []).filter((line) => !OWN_FILE.test(line));
    const rest = samples.map((code) => code.replace(IMPORT, ""));
    const module = [...new Set(imports), ...rest].join("\n");
    return module
      .replaceAll('"./product/', `"${this.#src}/product/`)
      .replaceAll('"./projections/', `"${this.#src}/../projections/`);
  }
}

const IMPORT = /^import [\s\S]*?;[^\n]*$/gm;
const OWN_FILE = /from "\.\/(?!product\/|projections\/)/;

const nameOf = (page: string): string => page.replaceAll("/", "-");

const RUNNER = `
const failures = {};
for (const file of process.argv.slice(2)) {
  try {
    await import(file);
  } catch (error) {
    failures[file] = String(error?.stack ?? error);
  }
}
console.log(JSON.stringify(failures));
process.exit(0);
`;
