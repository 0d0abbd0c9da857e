import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildFunctions, functionsIn, shared } from "./build-functions.mjs";

/** Of this repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

const FOLDERS = { functions: "src/product/functions", build: "dist" };

/** The functions of the ProductService. */
export const handlers = functionsIn(root, FOLDERS.functions);

/** The Lambda handlers of the ProductService. */
export const buildHandlers = () => buildFunctions(root, FOLDERS);

/** The local run, for the plugin that the framework loads. */
export function buildLocal(folder = root) {
  return build({
    ...shared,
    absWorkingDir: root,
    entryPoints: ["src/local/offline.ts"],
    outdir: join(folder, "dist/local"),
    outExtension: { ".js": ".mjs" },
    packages: "external",
  });
}

/** The page of the console, from its sources where they are here: the package brings it built. */
export async function buildConsole() {
  const script = `${root}src/console/build.mjs`;
  if (existsSync(script)) await (await import(script)).buildConsole();
}

/** Its time is when the last build for the local run began. */
const STAMP = `${root}dist/.built`;

/** Builds what the local run needs, unless nothing has changed since it was built. */
export async function buildForLocalRun() {
  const begun = new Date();
  if (isBuilt()) return;
  await Promise.all([buildHandlers(), buildLocal(), buildConsole()]);
  writeFileSync(STAMP, "");
  utimesSync(STAMP, begun, begun);
}

function isBuilt() {
  const outputs = [...handlers.map((name) => `${name}.mjs`), "local/offline.mjs", "console/index.html"];
  if (!existsSync(STAMP) || !outputs.every((output) => existsSync(`${root}dist/${output}`))) return false;
  const { mtimeMs } = statSync(STAMP);
  const files = ["package.json", "node_modules/.package-lock.json"];
  const inputs = [...files, ...["src", "projections"].flatMap(treeOf)];
  return inputs.every((input) => (statSync(`${root}${input}`, { throwIfNoEntry: false })?.mtimeMs ?? 0) < mtimeMs);
}

/** A folder and everything in it: a folder's own time tells of what was removed. */
const treeOf = (folder) => [
  folder,
  ...readdirSync(`${root}${folder}`, { recursive: true }).map((path) => `${folder}/${path}`),
];
