import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
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

/** The command `streamfold`, as one module beside the packages that it needs. */
export async function buildCli(outfile = "dist/cli/streamfold.mjs") {
  // Of the local run it only asks where one is: what opens the engine's file is not needed, and not installed elsewhere.
  const withoutEngineFile = {
    name: "without-engine-file",
    setup({ onResolve }) {
      onResolve({ filter: /^libsql$/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
    },
  };
  await build({
    ...shared,
    entryPoints: ["src/cli/main.ts"],
    outfile,
    packages: "external",
    plugins: [withoutEngineFile],
    banner: { js: "#!/usr/bin/env node" },
  });
  chmodSync(`${root}${outfile}`, 0o755);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  Promise.all([buildHandlers(), buildLocal(), buildLibrary(), buildCli()]).catch(() => process.exit(1));
}
