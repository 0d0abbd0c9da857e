import { createHash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "./failure.ts";

/**
 * A TypeScript module as one JavaScript file, the packages that it imports left outside. The file is written into
 * `node_modules/.cache` of its package, where those packages are found, and removed when the process ends.
 */
export async function bundle(file: string): Promise<string> {
  const { build } = await import("esbuild").catch(() => {
    throw new UsageError(`${file} is TypeScript, and esbuild is not installed: npm install --save-dev esbuild`);
  });
  const name = createHash("sha256").update(file).digest("hex").slice(0, 16);
  const outfile = join(packageOf(file), "node_modules/.cache/streamfold", `${name}.${process.pid}.mjs`);
  process.once("exit", () => rmSync(outfile, { force: true }));
  await build({
    entryPoints: [file],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    logLevel: "silent",
  });
  return outfile;
}

/** The folder of the nearest package.json. */
function packageOf(file: string): string {
  for (let at = dirname(file); dirname(at) !== at; at = dirname(at))
    if (existsSync(join(at, "package.json"))) return at;
  return dirname(file);
}
