import { spawnSync } from "node:child_process";
import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { installMissing, root } from "./install.mjs";

installMissing();

const NEEDED_MB = 500;

/** A disk that fills up in the middle looks like twenty different faults. */
function checkRoom() {
  const { bavail, bsize } = statfsSync(tmpdir());
  const freeMb = Math.floor((bavail * bsize) / 2 ** 20);
  if (freeMb >= NEEDED_MB) return;
  console.error(
    `the tests write up to ${NEEDED_MB} MB below ${tmpdir()}, and ${freeMb} MB are free there; set TMPDIR to a folder with more room`,
  );
  process.exit(1);
}

function run(name, command, args, env = {}) {
  console.log(`\n── ${name}`);
  const { status } = spawnSync(process.execPath, [`${root}node_modules/${command}`, ...args], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (status !== 0) process.exit(status ?? 1);
}

checkRoom();
run("types", "typescript/bin/tsc", ["-p", "tsconfig.json"]);
run("types of the console", "typescript/bin/tsc", ["-p", "src/console/tsconfig.json"]);
run("lint", "@biomejs/biome/bin/biome", ["check", "--error-on-warnings"]);
run("tests", "jest/bin/jest.js", ["--maxWorkers=3", ...process.argv.slice(2)], {
  NODE_OPTIONS: "--experimental-vm-modules --no-warnings",
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
});
