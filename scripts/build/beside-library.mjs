import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../../src/local/build.mjs";

const PLUGIN_TYPES = `/** Plugin of the Serverless Framework: bundles the functions, and runs the whole service offline. */
export default class StreamfoldPlugin {
  constructor(serverless: object);
  readonly hooks: Readonly<Record<string, () => unknown>>;
}
`;

/** The plugin `streamfold/local`, for frameworks that load CommonJS and for those that load ES modules. */
export async function buildPlugin(folder) {
  const outdir = join(folder, "dist/local");
  mkdirSync(outdir, { recursive: true });
  for (const kind of ["m", "c"]) {
    await build({
      absWorkingDir: root,
      entryPoints: ["src/local/package-plugin.mjs"],
      bundle: true,
      platform: "node",
      target: "node20",
      format: kind === "m" ? "esm" : "cjs",
      outfile: join(outdir, `plugin.${kind}js`),
      packages: "external",
      external: ["./offline.mjs"],
    });
    writeFileSync(join(outdir, `plugin.d.${kind}ts`), PLUGIN_TYPES);
  }
}

/** What our serverless.yml includes, as it is: the functions with their rights in a folder of their own. */
export function copyInfrastructure(folder) {
  const target = join(folder, "infrastructure");
  rmSync(target, { recursive: true, force: true });
  cpSync(`${root}src/infrastructure`, target, { recursive: true });
  for (const file of readdirSync(`${root}src/lambda`).filter((name) => name.endsWith(".yml")))
    cpSync(`${root}src/lambda/${file}`, join(target, "functions", file));
}
