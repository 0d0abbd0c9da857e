import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { installMissing, root } from "./install.mjs";

const USAGE = `npm start -- [--fresh] [--param NAME=VALUE ...]
  --fresh              begin with empty tables
  --param NAME=VALUE   a parameter of serverless.yml, such as indexShards=4 (with --fresh: tables keep their keys)`;

function read() {
  try {
    const options = {
      fresh: { type: "boolean", default: false },
      param: { type: "string", multiple: true, default: [] },
    };
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    return process.exit(2);
  }
}

const { fresh, param } = read();
const params = param.flatMap((one) => ["--param", one]);

installMissing();
const child = spawn(
  process.execPath,
  [`${root}node_modules/serverless/bin/serverless.js`, "offline", "start", "--stage", "local", ...params],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      ...process.env,
      ...(fresh ? { STREAMFOLD_FRESH: "true" } : {}),
    },
  },
);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 0)));
