import { spawn, spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { installMissing, root } from "./install.mjs";

const USAGE = `npm start -- [--fresh] [--verbose] [--param NAME=VALUE ...] [--engine URL]
  --fresh              begin with empty tables
  --verbose            every invocation and what the functions log, not only commands and what fails
  --param NAME=VALUE   a parameter of serverless.yml, such as indexShards=4 (with --fresh: tables keep their keys)
  --engine URL         a DynamoDB endpoint beyond this machine, on tables of this stage's own (ProductService-local-…)

The ports: STREAMFOLD_API_PORT, _CONSOLE_PORT, _BUS_PORT, _ENGINE_PORT, _LAMBDA_PORT (0: any that is free).
The data folder: STREAMFOLD_DATA (.streamfold).`;

function read() {
  try {
    const options = {
      fresh: { type: "boolean", default: false },
      verbose: { type: "boolean", default: false },
      param: { type: "string", multiple: true, default: [] },
      engine: { type: "string" },
    };
    const { values } = parseArgs({ options });
    if (values.engine !== undefined && !URL.canParse(values.engine))
      throw new Error(
        `--engine: expected an address like https://dynamodb.eu-central-1.amazonaws.com, got ${values.engine}`,
      );
    return values;
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    return process.exit(2);
  }
}

const { fresh, verbose, param, engine } = read();
const own = engine === undefined ? [] : ["prefix=ProductService-local"];
const params = [...own, ...param].flatMap((one) => ["--param", one]);

installMissing();
const child = spawn(
  process.execPath,
  [`${root}node_modules/serverless/bin/serverless.js`, "offline", "start", "--stage", "local", ...params],
  {
    cwd: root,
    // The child ends when the channel closes, however this process has ended.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: {
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      ...(verbose ? {} : { SLS_LOG_LEVEL: "warning" }),
      ...process.env,
      ...(fresh ? { STREAMFOLD_FRESH: "true" } : {}),
      ...(verbose ? { STREAMFOLD_VERBOSE: "true" } : {}),
      ...(engine === undefined
        ? {}
        : { STREAMFOLD_ENGINE: engine, AWS_ENDPOINT_URL_DYNAMODB: engine, AWS_ENDPOINT_URL_DYNAMODB_STREAMS: engine }),
    },
  },
);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => {
  if (signal === "SIGKILL") console.error("the service was killed (SIGKILL); npm start begins it again, with its data");
  process.exit(signal ? 1 : (code ?? 0));
});

/** npm's own process: its shell stands between, and neither hands on how it ended. Undefined where nobody can say. */
function npmProcess() {
  const { status, stdout } = spawnSync("ps", ["-o", "ppid=", "-p", String(process.ppid)], { encoding: "utf8" });
  return status === 0 ? Number(stdout) : undefined;
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

if (process.env.npm_lifecycle_event !== undefined) {
  const shell = process.ppid;
  const npm = npmProcess();
  const isLeft = () => process.ppid !== shell || (npm !== undefined && !isAlive(npm));
  setInterval(() => isLeft() && child.kill("SIGTERM"), 500).unref();
}
