import { spawnSync } from "node:child_process";
import { installMissing, root } from "./install.mjs";

const [script, ...rest] = process.argv.slice(2);
installMissing();
const { status } = spawnSync(process.execPath, ["--import", "tsx", script, ...rest], {
  cwd: root,
  stdio: "inherit",
  env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", ...process.env },
});
process.exit(status ?? 1);
