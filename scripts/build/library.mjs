import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix, relative, sep } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { root } from "../../src/local/build.mjs";

/** What other packages import, of `src/`. */
const FACES = ["index", "testing", "client", "consumer", "lambda"];

/** Packages that are ES modules only. CommonJS in Jest cannot load them, so that build has them inside. */
const ES_MODULES_ONLY = ["p-limit", "p-retry"];

const common = { absWorkingDir: root, bundle: true, platform: "node", target: "node20", logLevel: "warning" };

/**
 * Each module of the library twice, as an ES module and in CommonJS, with types for each. A file each and not one bundle
 * for each face: whoever bundles one name leaves out every file that it does not need, and a class is the same class
 * in all faces.
 *
 * @param {string} folder of the package
 */
export async function buildLibrary(folder) {
  const outdir = join(folder, "dist/library");
  rmSync(outdir, { recursive: true, force: true });
  const entryPoints = await modulesOf(FACES.map((face) => `src/${face}.ts`));
  const modules = { ...common, entryPoints, outbase: "src", outdir };
  await Promise.all([
    build({ ...modules, format: "esm", outExtension: { ".js": ".mjs" }, plugins: [apart(".mjs")] }),
    build({
      ...modules,
      format: "cjs",
      outExtension: { ".js": ".cjs" },
      plugins: [apart(".cjs")],
      // Jest's CommonJS has no dynamic import.
      supported: { "dynamic-import": false },
    }),
    ...ES_MODULES_ONLY.map((name) => buildInside(name, outdir)),
    buildTypes(outdir),
  ]);
}

/** Every module that the faces reach. */
async function modulesOf(entryPoints) {
  const look = { ...common, entryPoints, packages: "external", format: "esm", outdir: "-", write: false };
  const { metafile } = await build({ ...look, metafile: true });
  return Object.keys(metafile.inputs);
}

/** Imports of other modules stay imports, of the file that is built from them. */
const apart = (extension) => ({
  name: "apart",
  setup({ onResolve }) {
    onResolve({ filter: /./ }, ({ path, kind, importer }) => {
      if (kind === "entry-point") return undefined;
      if (path.startsWith(".")) return { path: path.replace(/\.ts$/, extension), external: true };
      if (extension !== ".cjs" || !ES_MODULES_ONLY.includes(path)) return { path, external: true };
      const from = relative(`${root}src`, dirname(importer)).split(sep).join("/");
      const inside = posix.relative(from, `inside/${path}.cjs`);
      return { path: inside.startsWith(".") ? inside : `./${inside}`, external: true };
    });
  },
});

/** A package of which the default export is all that is used. */
const buildInside = (name, outdir) =>
  build({
    ...common,
    stdin: { contents: `module.exports = require("${name}").default;`, resolveDir: root, loader: "js" },
    format: "cjs",
    outfile: join(outdir, `inside/${name}.cjs`),
  });

/** The compiler names other files by `.ts`; each of the two builds has its own. */
async function buildTypes(outdir) {
  const folder = mkdtempSync(join(tmpdir(), "streamfold-types-"));
  const args = ["node_modules/typescript/bin/tsc", "-p", "scripts/library.tsconfig.json", "--outDir", folder];
  try {
    await promisify(execFile)(process.execPath, args, { cwd: root }).catch(({ stdout, message }) => {
      throw new Error(stdout || message);
    });
    for (const file of readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".d.ts"))) {
      const types = readFileSync(join(folder, file), "utf8");
      const target = join(outdir, file);
      mkdirSync(dirname(target), { recursive: true });
      for (const kind of ["m", "c"])
        writeFileSync(target.replace(/ts$/, `${kind}ts`), types.replaceAll(/"(\.\.?\/[^"]+)\.ts"/g, `"$1.${kind}js"`));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
