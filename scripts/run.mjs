import { spawnSync } from "node:child_process";
import { installMissing, root } from "./install.mjs";

const [script, ...rest] = process.argv.slice(2);
installMissing();
const { status } = spawnSync(process.execPath, ["--import", "tsx", script, ...rest], { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);
