import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Lambda loads ES modules; packages in CommonJS inside the bundle still call `require`. */
const banner = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  mainFields: ["module", "main"],
  logLevel: "warning",
  sourcemap: true,
  sourcesContent: false,
};

const notHandlers = new Set(["wiring.ts"]);

/** The Lambda handlers, one file each, with everything they need inside. */
export function buildHandlers() {
  const entryPoints = readdirSync(`${root}src/lambda`)
    .filter((file) => file.endsWith(".ts") && !notHandlers.has(file))
    .map((file) => `src/lambda/${file}`);
  return build({
    ...shared,
    entryPoints,
    outdir: "dist",
    outExtension: { ".js": ".mjs" },
    minify: true,
    keepNames: true,
    banner: { js: banner },
  });
}

/** The local run, for the plugin that the framework loads. */
export function buildLocal() {
  return build({
    ...shared,
    entryPoints: ["src/local/offline.ts"],
    outdir: "dist/local",
    outExtension: { ".js": ".mjs" },
    packages: "external",
  });
}

/** What other packages import: one module an entry, their shared parts once, and the types. */
export async function buildLibrary() {
  const entries = ["index", "testing", "client", "consumer"];
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
