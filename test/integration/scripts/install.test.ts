import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "@jest/globals";

const installer = fileURLToPath(new URL("../../../scripts/install.mjs", import.meta.url));
let folder: string;
beforeEach(() => {
  folder = `${mkdtempSync(join(tmpdir(), "install-"))}/`;
  const packages = {
    "": {},
    "scripts/engine": { version: "1.0.0" },
    "node_modules/a": { version: "1.0.0" },
    "node_modules/@dynoxide/linux-x64": { version: "1.2.1", optional: true },
  };
  write("scripts/engine/package.json", { optionalDependencies: { "@dynoxide/linux-x64": "1.2.1" } });
  write("package-lock.json", { packages });
  writeFileSync(`${folder}npm`, `#!/bin/sh\necho "$@" >> ${folder}asked\nexit \${NPM_STATUS:-0}\n`);
  chmodSync(`${folder}npm`, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, contents: object): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), JSON.stringify(contents));
}

/** What a machine of that kind asks npm for. */
function install(platform: string, arch: string, status = 0) {
  const script = `import { installMissing } from ${JSON.stringify(installer)}; installMissing(${JSON.stringify({ root: folder, platform, arch, npm: `${folder}npm` })});`;
  const env = { ...process.env, NODE_OPTIONS: "", NPM_STATUS: String(status) };
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", env });
  const asked = existsSync(`${folder}asked`) ? readFileSync(`${folder}asked`, "utf8").trim().split("\n") : [];
  return { status: run.status, asked };
}

const present = (): void =>
  write("node_modules/.package-lock.json", { packages: { "node_modules/a": { version: "1.0.0" } } });

test.each([
  ["linux", "x64"],
  ["linux", "arm64"],
  ["darwin", "x64"],
  ["darwin", "arm64"],
  ["win32", "x64"],
])("on %s %s the engine that fits is asked for, of the version in the lock, and the lock stays", (platform, arch) => {
  present();
  const lock = readFileSync(`${folder}package-lock.json`, "utf8");
  const engine = `@dynoxide/${platform}-${arch}`;
  expect(install(platform, arch).asked).toEqual([`install --no-save ${engine}@1.2.1 --no-fund --no-audit`]);
  write(`node_modules/${engine}/package.json`, { version: "1.2.1" });
  rmSync(`${folder}asked`);
  expect(install(platform, arch).asked).toEqual([]);
  expect(readFileSync(`${folder}package-lock.json`, "utf8")).toBe(lock);
});

test("what the lock file says is installed first", () => {
  expect(install("darwin", "arm64").asked).toEqual([
    "ci --no-fund --no-audit",
    "install --no-save @dynoxide/darwin-arm64@1.2.1 --no-fund --no-audit",
  ]);
});

test("an engine of another version is replaced", () => {
  present();
  write("node_modules/@dynoxide/linux-arm64/package.json", { version: "1.2.0" });
  expect(install("linux", "arm64").asked).toHaveLength(1);
});

test("where there is no engine, none is asked for", () => {
  present();
  expect(install("freebsd", "x64").asked).toEqual([]);
});

test("what npm could not do ends with its code", () => {
  expect(install("linux", "x64", 7)).toEqual({ status: 7, asked: ["ci --no-fund --no-audit"] });
});
