import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildHandlers, buildLocal } from "../../src/local/build.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The service as the framework resolves it, once for all tests that create tables and wire functions from it. */
export default async function setup() {
  // Each of the projects calls it.
  if (process.env.STREAMFOLD_PREBUILT === "true") return;
  await Promise.all([buildHandlers(), buildLocal()]);
  process.env.STREAMFOLD_PREBUILT = "true";
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`${root}node_modules/serverless/bin/serverless.js`, "print", "--format", "json", "--stage", "local"],
    { cwd: root, encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } },
  );
  if (status !== 0) throw new Error(`serverless print failed: ${stdout}${stderr}`);
  const file = join(mkdtempSync(join(tmpdir(), "streamfold-")), "service.json");
  writeFileSync(file, stdout.slice(stdout.indexOf("{")));
  process.env.STREAMFOLD_SERVICE = file;
}
