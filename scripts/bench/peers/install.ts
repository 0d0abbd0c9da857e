import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { versionOf } from "../report.ts";
import type { PeerModule } from "./bench-store.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Outside what git knows; each peer has a folder of its own there, so that one that cannot be installed stops no other. */
const FOLDER = join(ROOT, "node_modules", ".cache", "streamfold-peers");

/** Installs a peer's packages, with the AWS client in the version that this repository has. @returns resolves them */
export async function installPeer({ name, packages }: PeerModule): Promise<NodeJS.Require> {
  const folder = join(FOLDER, name);
  const wanted = { ...packages, "@aws-sdk/client-dynamodb": versionOf("@aws-sdk/client-dynamodb") };
  if (!isInstalled(folder, wanted)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: wanted }));
    await npmInstall(folder);
  }
  return createRequire(join(folder, "package.json"));
}

/** @throws with what npm said */
async function npmInstall(folder: string): Promise<void> {
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund"];
  try {
    await promisify(execFile)("npm", args, { cwd: folder });
  } catch (cause) {
    const { stderr = "" } = cause as { readonly stderr?: string };
    const [said = "no reason given"] = stderr.split("\n").filter((line) => !/^npm (warn|error code)/.test(line));
    throw new Error(`npm install: ${said}`, { cause });
  }
}

function isInstalled(folder: string, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, version]) => {
    try {
      const manifest = readFileSync(join(folder, "node_modules", name, "package.json"), "utf8");
      return (JSON.parse(manifest) as { readonly version: string }).version === version;
    } catch {
      return false;
    }
  });
}
