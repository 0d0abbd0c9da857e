import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Where the embedded engine exists; the lock file has it for the first only. */
const ENGINES = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "win32-x64"];

/**
 * Installs what is missing, as the lock file says; and the engine for this platform, of the same version
 * as the one in the lock file, beside it.
 *
 * @param {{ root?: string, platform?: string, arch?: string, npm?: string }} on given by tests
 */
export function installMissing({
  root: folder = root,
  platform = process.platform,
  arch = process.arch,
  npm = "npm",
} = {}) {
  const isWindows = process.platform === "win32";
  const run = (...args) => {
    console.log("installing what is missing …");
    const { status } = spawnSync(npm, [...args, "--no-fund", "--no-audit"], {
      cwd: folder,
      stdio: "inherit",
      shell: isWindows,
    });
    if (status !== 0) process.exit(status ?? 1);
  };
  if (!isInstalled(folder)) run("ci");
  const engine = missingEngine(folder, `${platform}-${arch}`);
  if (engine !== undefined) run("install", "--no-save", engine);
}

/** What is installed is what the lock file says, as far as npm has noted it. */
function isInstalled(folder) {
  const note = `${folder}node_modules/.package-lock.json`;
  if (!existsSync(note)) return false;
  const wanted = readJson(`${folder}package-lock.json`).packages;
  const present = readJson(note).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional, link }]) =>
      !path.startsWith("node_modules/") || optional || link || present[path]?.version === version,
  );
}

/** NAME@VERSION, or undefined when it is there or there is none; without one an endpoint of this machine serves. */
function missingEngine(folder, platform) {
  if (!ENGINES.includes(platform)) return undefined;
  const manifest = `${folder}node_modules/@dynoxide/${platform}/package.json`;
  const version = readJson(`${folder}scripts/engine/package.json`).optionalDependencies[`@dynoxide/${ENGINES[0]}`];
  if (existsSync(manifest) && readJson(manifest).version === version) return undefined;
  return `@dynoxide/${platform}@${version}`;
}

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));
