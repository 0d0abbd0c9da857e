import { spawn } from "node:child_process";
import { installMissing, root } from "./install.mjs";

const known = new Set(["--fresh"]);
const unknown = process.argv.slice(2).find((argument) => !known.has(argument));
if (unknown) {
  console.error(`unknown argument ${unknown}; there is --fresh, which begins with empty tables`);
  process.exit(2);
}

installMissing();
const child = spawn(
  process.execPath,
  [`${root}node_modules/serverless/bin/serverless.js`, "offline", "start", "--stage", "local"],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      ...process.env,
      ...(process.argv.includes("--fresh") ? { STREAMFOLD_FRESH: "true" } : {}),
    },
  },
);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 0)));
