import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Lambda loads ES modules; packages in CommonJS inside the bundle still call `require`. */
const banner = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

/** How everything of a service is bundled. */
export const shared = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  mainFields: ["module", "main"],
  logLevel: "warning",
  sourcemap: true,
  sourcesContent: false,
};

/**
 * The Lambda handlers of a service: a file each, with everything that it needs inside.
 *
 * @param {string} serviceDir where serverless.yml is
 * @param {{ functions?: string, build?: string }} folders with a module for each function, and for the bundles
 */
export async function buildFunctions(serviceDir, { functions = "src/functions", build = "dist" } = {}) {
  const { build: bundle } = await import("esbuild").catch((cause) => {
    throw new Error("functions are bundled by esbuild, which is not installed: npm install --save-dev esbuild", {
      cause,
    });
  });
  const { outputFiles, metafile } = await bundle({
    ...shared,
    absWorkingDir: serviceDir,
    entryPoints: modulesIn(serviceDir, functions).map((file) => `${functions}/${file}`),
    outdir: build,
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

const MODULE = /(?<!\.d)\.m?[jt]s$/;

/** The functions of a service by name, a module each that exports its `handler`: `api.ts`. */
export const functionsIn = (serviceDir, functions) =>
  modulesIn(serviceDir, functions).map((file) => file.replace(MODULE, ""));

function modulesIn(serviceDir, functions) {
  const folder = join(serviceDir, functions);
  const modules = existsSync(folder) ? readdirSync(folder).filter((file) => MODULE.test(file)) : [];
  if (modules.length > 0) return modules;
  throw new Error(
    `custom.streamfold.functions: expected a folder with a module for each function, such as api.ts, got ${functions}`,
  );
}

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

/** A map of nothing: a stack trace points into the service's own sources, and the maps stay small enough to be deployed. */
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

/** In one step, and only what changed: another process may be reading the file. */
function writeChanged(path, contents) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}
