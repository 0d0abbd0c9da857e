import { chmodSync, cpSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { root } from "../../src/local/build.mjs";
import { shared } from "../../src/local/build-functions.mjs";

/** Of the local run it only asks where one is: what opens the engine's file is not needed, and not installed elsewhere. */
const withoutEngineFile = {
  name: "without-engine-file",
  setup({ onResolve }) {
    onResolve({ filter: /^libsql$/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
  },
};

/** The command `streamfold`, as one module beside the packages that it needs. */
export async function buildCli(folder = root) {
  const outfile = join(folder, "dist/cli/streamfold.mjs");
  await build({
    ...shared,
    absWorkingDir: root,
    entryPoints: ["src/cli/main.ts"],
    outfile,
    packages: "external",
    plugins: [withoutEngineFile],
    banner: { js: "#!/usr/bin/env node" },
  });
  chmodSync(outfile, 0o755);
  const templates = join(dirname(outfile), "templates");
  rmSync(templates, { recursive: true, force: true });
  cpSync(`${root}src/cli/templates`, templates, { recursive: true });
}
