import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { messageOf } from "../event-store/index.ts";
import { ask } from "./ask.ts";
import { type EngineFile, KNOWN_RELEASE, openEngineFile } from "./engine-file.ts";
import { readState, writeWhole } from "./state-file.ts";

export interface Engine {
  readonly endpoint: string;
  readonly folder: string;
  /** Its file, when the engine is one whose file is known. */
  readonly file: EngineFile | undefined;
  /** Resolves with a reason when the engine has ended and cannot be started again. */
  readonly died: Promise<string>;
  /** Resolves while it answers, or when it does again. */
  isUp(): Promise<void>;
  stop(): Promise<void>;
}

export interface EngineOptions {
  /** Folder for the data. Undefined: one of its own, which ends with the engine. */
  readonly folder?: string | undefined;
  readonly port: number;
  /** Told when the engine ended and was started again with its data. */
  readonly log?: (line: string) => void;
}

const READY_WITHIN_MS = 10_000;
/** How often it is tried to start an engine again that ends before it is ready. */
const STARTS = 3;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** An engine that ran for so many milliseconds is not one that ends again and again. */
const STEADY_MS = 10_000;

/**
 * Starts the embedded engine. When it ends by itself it is started again, on the same port and with its
 * data: nothing that a request contains may end the service.
 *
 * @throws when it does not start
 */
export async function startEngine({ folder: kept, port, log = () => undefined }: EngineOptions): Promise<Engine> {
  const folder = kept ?? scratchFolder();
  mkdirSync(folder, { recursive: true });
  const path = tablesFile(folder);
  const { binary, release } = findEngine();
  let child: ChildProcess;
  let isStopping = false;
  let quickEnds = 0;
  let tellDied: (reason: string) => void = () => undefined;
  const died = new Promise<string>((resolve) => {
    tellDied = resolve;
  });
  const endNow = () => void child.kill("SIGKILL");

  async function start(): Promise<void> {
    child = spawn(binary, ["--port", String(port), "--db-path", path], { stdio: ["ignore", "pipe", "pipe"] });
    if (child.pid !== undefined)
      writeWhole(pidFile(folder), JSON.stringify({ pid: child.pid, port } satisfies EngineProcess));
    await waitUntilReady(child);
    const since = Date.now();
    child.once("exit", (code, signal) => {
      if (isStopping) return;
      quickEnds = Date.now() - since < STEADY_MS ? quickEnds + 1 : 0;
      up = startAgain(`the engine ended by itself (${signal ?? `exit code ${code}`})`);
    });
  }

  async function startAgain(reason: string): Promise<void> {
    let last: unknown;
    for (let attempt = 1; attempt <= STARTS; attempt += 1) {
      await pause(Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** (quickEnds + attempt - 1)));
      if (isStopping) return;
      try {
        await start();
        log(`${reason}; it was started again with its data`);
        return;
      } catch (error) {
        last = error;
      }
    }
    tellDied(`${reason}, and cannot be started again: ${messageOf(last)}`);
  }

  process.once("exit", endNow);
  let up = start();
  await up;
  const file = openEngineFile(path, release);

  async function stop(): Promise<void> {
    isStopping = true;
    await up;
    file?.close();
    await end(child);
    process.off("exit", endNow);
    if (kept === undefined) rmSync(folder, { recursive: true, force: true });
    else rmSync(pidFile(folder), { force: true });
  }
  return { endpoint: `http://127.0.0.1:${port}`, folder, file, died, isUp: () => up, stop };
}

/** Room that an engine for a test or a bench may need, in bytes. */
const SCRATCH_BYTES = 2 ** 30;

/** A folder in memory where the system has one with room, for temporary files. */
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

function waitUntilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`the engine was not ready in ${READY_WITHIN_MS} ms: ${said}`));
    }, READY_WITHIN_MS);
    const look = (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-10_000);
      if (!said.includes("listening on")) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`the engine ended at once (${signal ?? code}): ${said.trim()}`));
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

/** The engine ships as one binary inside a package for each platform. */
export function findEngine(): { readonly binary: string; readonly release: string } {
  const { platform, arch } = process;
  try {
    const require = createRequire(import.meta.url);
    // Beside the library, or of the service that uses it.
    const paths = [dirname(fileURLToPath(import.meta.url)), process.cwd()];
    const manifest = require.resolve(`@dynoxide/${platform}-${arch}/package.json`, { paths });
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string };
    const name = platform === "win32" ? "dynoxide.exe" : "dynoxide";
    return { binary: join(dirname(manifest), name), release: version };
  } catch (cause) {
    throw new Error(
      `the embedded engine is not there for ${platform} ${arch}: npm install --save-dev @dynoxide/${platform}-${arch}@${KNOWN_RELEASE}; or set AWS_ENDPOINT_URL_DYNAMODB to a DynamoDB endpoint of this machine`,
      { cause },
    );
  }
}

interface EngineProcess {
  readonly pid: number;
  readonly port: number;
}

/** Where an engine keeps its tables. */
export const tablesFile = (folder: string): string => join(folder, "tables.sqlite");

/**
 * Ends an engine that a killed run has left on this folder. A process of that number that does not
 * answer as an engine on that port is somebody else's, and is left alone. Answers whether there was one.
 *
 * @throws {DamagedFileError}
 */
export async function endLeftEngine(folder: string): Promise<boolean> {
  const left = readState<EngineProcess>(pidFile(folder), "end the engine by hand if it runs, and delete the file");
  if (left === undefined || !isAlive(left.pid) || !(await isEngine(left.port))) return false;
  process.kill(left.pid, "SIGTERM");
  for (let look = 0; look < 100 && isAlive(left.pid); look += 1) {
    if (look === 50) process.kill(left.pid, "SIGKILL");
    await pause(20);
  }
  return true;
}

const pidFile = (folder: string): string => join(folder, "engine.pid");

/** The engine says in each answer who it is. */
async function isEngine(port: number): Promise<boolean> {
  const answer = await ask(`http://127.0.0.1:${port}/`);
  return answer?.headers["x-dynoxide-version"] !== undefined;
}

/** Whether there is a process of this number. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
