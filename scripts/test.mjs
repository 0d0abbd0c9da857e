import { spawnSync } from "node:child_process";
import { installMissing, root } from "./install.mjs";

installMissing();

function run(name, command, args, env = {}) {
  console.log(`\n── ${name}`);
  const { status } = spawnSync(process.execPath, [`${root}node_modules/${command}`, ...args], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (status !== 0) process.exit(status ?? 1);
}

run("types", "typescript/bin/tsc", ["-p", "tsconfig.json"]);
run("lint", "@biomejs/biome/bin/biome", ["check", "--error-on-warnings"]);
run("tests", "jest/bin/jest.js", ["--forceExit", ...process.argv.slice(2)], {
  NODE_OPTIONS: "--experimental-vm-modules --no-warnings",
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
});
