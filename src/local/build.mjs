import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Lambda loads ES modules; packages in CommonJS inside the bundle still call `require`. */
const banner = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

export const shared = {
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

/** A map of nothing: a stack trace points into our own sources, and the maps stay small enough to be deployed. */
const EMPTY_MAP = Buffer.from('{"version":3,"sources":["library"],"mappings":"AAAA"}').toString("base64");

const ownSourceMaps = {
  name: "own-source-maps",
  setup({ onLoad }) {
    onLoad({ filter: /node_modules[/\\].*\.[cm]?js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const contents = `${source}\n//# sourceMappingURL=data:application/json;base64,${EMPTY_MAP}`;
      return { contents, loader: "js" };
    });
  },
};

/** Messages of the schema library in forty languages, of which the API speaks one: 40% of its bundle. */
const englishOnly = {
  name: "english-only",
  setup({ onLoad }) {
    onLoad({ filter: /zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
      loader: "js",
    }));
  },
};

const FUNCTIONS = "src/product/functions";

/** The functions of the service, a module each that gives a handler: `api.ts`. */
export const handlers = readdirSync(`${root}${FUNCTIONS}`).map((file) => file.slice(0, -".ts".length));

/** In one step, and only what changed: another process may be reading the file. */
function writeChanged(path, contents) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}

/** The Lambda handlers, one file each, with everything they need inside. */
export async function buildHandlers() {
  const entryPoints = handlers.map((name) => `${FUNCTIONS}/${name}.ts`);
  const { outputFiles, metafile } = await build({
    ...shared,
    entryPoints,
    outdir: "dist",
    outExtension: { ".js": ".mjs" },
    minify: true,
    keepNames: true,
    metafile: true,
    write: false,
    plugins: [englishOnly, ownSourceMaps],
    banner: { js: banner },
  });
  for (const { path, contents } of outputFiles) writeChanged(path, contents);
  return metafile;
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

/** The page of the console, from its sources where they are here: the package brings it built. */
async function buildConsole() {
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
