import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildConsole, buildHandlers, buildLocal, root } from "../src/local/build.mjs";
import { buildPlugin, copyInfrastructure } from "./build/beside-library.mjs";
import { buildCli } from "./build/cli.mjs";
import { buildLibrary } from "./build/library.mjs";

/** Everything that the package ships. @param {string} folder of the package; a test builds it beside this one */
async function buildPackage(folder) {
  copyInfrastructure(folder);
  const parts = [buildLocal, buildPlugin, buildLibrary, buildCli].map((part) => part(folder));
  await Promise.all([buildConsole(), ...parts]);
  if (folder !== root) cpSync(`${root}dist/console`, join(folder, "dist/console"), { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  const building = folder === undefined ? [buildHandlers(), buildPackage(root)] : [buildPackage(folder)];
  Promise.all(building).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
}
