import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildHandlers, buildLocal, root, shared } from "../src/local/build.mjs";

/** What other packages import: one module an entry, their shared parts once, and the types. */
export async function buildLibrary() {
  const entries = ["index", "testing", "client", "consumer", "lambda"];
  await build({
    ...shared,
    entryPoints: entries.map((entry) => `src/${entry}.ts`),
    outdir: "dist/library",
    outExtension: { ".js": ".mjs" },
    packages: "external",
    splitting: true,
  });
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "scripts/library.tsconfig.json"], {
    cwd: root,
    stdio: "inherit",
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  Promise.all([buildHandlers(), buildLocal(), buildLibrary()]).catch(() => process.exit(1));
}
