import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));
const source = join(root, "src/console");
const target = join(root, "dist/console");

/** Bundles the page into dist/console: one script, one style sheet, no other request. */
export async function buildConsole() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [
      { in: join(source, "console.tsx"), out: "console" },
      { in: join(source, "styles/console.css"), out: "console" },
    ],
    outdir: target,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["chrome123", "firefox121", "safari17.5"],
    jsx: "automatic",
    jsxImportSource: "preact",
    // Its options stand here; tsconfig.json is for the types.
    tsconfigRaw: {},
    legalComments: "none",
    logLevel: "warning",
    write: false,
  });
  for (const { path, contents } of outputFiles) writeChanged(path, contents);
  writeChanged(join(target, "index.html"), readFileSync(join(source, "index.html")));
  return target;
}

/** In one step, and only what changed: a server may be reading the file. */
function writeChanged(path, contents) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}
