import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type EngineFile, openEngineFile } from "./engine-file.ts";

export interface Engine {
  readonly endpoint: string;
  /** Its file, when the engine is one whose file is known. */
  readonly file: EngineFile | undefined;
  /** Resolves with a reason when the engine ends without having been stopped. */
  readonly died: Promise<string>;
  stop(): Promise<void>;
}

export interface EngineOptions {
  /** Folder for the data. Undefined: one of its own, which ends with the engine. */
  readonly folder?: string | undefined;
  readonly port: number;
}

const READY_WITHIN_MS = 10_000;

/** The engine ships as one binary inside a package for Linux on x64. */
export function findEngine(): { readonly binary: string; readonly release: string } {
  try {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve("@dynoxide/linux-x64/package.json");
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string };
    return { binary: join(dirname(manifest), "dynoxide"), release: version };
  } catch (cause) {
    throw new Error(
      `the embedded engine is not there for ${process.platform} ${process.arch}; set AWS_ENDPOINT_URL_DYNAMODB to a DynamoDB endpoint`,
      { cause },
    );
  }
}

function waitUntilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(
      () => reject(new Error(`the engine was not ready in ${READY_WITHIN_MS} ms: ${said}`)),
      READY_WITHIN_MS,
    );
    const look = (chunk: Buffer) => {
      said += chunk.toString();
      if (!said.includes("listening on")) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`the engine ended at once (${signal ?? code}): ${said.trim()}`));
    });
  });
}

const pidFile = (folder: string): string => join(folder, "engine.pid");

/** True when the process is an engine on this very folder, so that a number that was given out again is left alone. */
function isOurEngine(pid: number, folder: string): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return command.includes("dynoxide") && command.includes(folder);
  } catch {
    return false;
  }
}

/** Ends an engine that a killed run has left on this folder. Answers whether there was one. */
export async function endLeftEngine(folder: string): Promise<boolean> {
  let pid: number;
  try {
    pid = Number(readFileSync(pidFile(folder), "utf8"));
  } catch {
    return false;
  }
  if (!isOurEngine(pid, folder)) return false;
  process.kill(pid, "SIGTERM");
  for (let look = 0; look < 100 && isOurEngine(pid, folder); look += 1) {
    if (look === 50) process.kill(pid, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** Room that an engine for a test or a bench may need, in bytes. */
const SCRATCH_BYTES = 2 ** 30;

/** A folder in memory where the system has one with room, for files that nobody keeps. */
function scratchFolder(): string {
  return mkdtempSync(join(hasRoom("/dev/shm") ? "/dev/shm" : tmpdir(), "streamfold-engine-"));
}

function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= SCRATCH_BYTES;
  } catch {
    return false;
  }
}

export async function startEngine({ folder: kept, port }: EngineOptions): Promise<Engine> {
  const folder = kept ?? scratchFolder();
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "tables.sqlite");
  const { binary, release } = findEngine();
  const child = spawn(binary, ["--port", String(port), "--db-path", path], { stdio: ["ignore", "pipe", "pipe"] });
  const endNow = () => void child.kill("SIGKILL");
  process.once("exit", endNow);
  if (child.pid !== undefined) writeFileSync(pidFile(folder), String(child.pid));
  await waitUntilReady(child);
  const file = openEngineFile(path, release);
  let isStopping = false;
  const died = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => {
      process.off("exit", endNow);
      if (!isStopping) resolve(`the engine ended by itself (${signal ?? `exit code ${code}`})`);
    });
  });
  async function stop(): Promise<void> {
    isStopping = true;
    file?.close();
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    }
    if (kept === undefined) rmSync(folder, { recursive: true, force: true });
    else rmSync(pidFile(folder), { force: true });
  }
  return { endpoint: `http://127.0.0.1:${port}`, file, died, stop };
}
