import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunFile } from "../../src/local/run-file.ts";
import { until } from "./until.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

export const newFolder = (): string => mkdtempSync(join(tmpdir(), "streamfold-e2e-"));
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });

/** The process of the engine of a run. */
export const enginePid = (folder: string): number =>
  (JSON.parse(readFileSync(join(folder, "engine.pid"), "utf8")) as { readonly pid: number }).pid;

export interface RunningService extends RunFile {
  readonly output: () => string;
  /** The exit code, once the service has ended. */
  readonly ended: Promise<number | null>;
  /** Ctrl-C. Answers with the exit code. */
  interrupt(): Promise<number | null>;
  /** SIGKILL to the service, which leaves its engine behind. */
  kill(): Promise<void>;
}

const TOLD_LINES = 25;
const TOLD_WIDTH = 400;
/** What a service says of work that went well. */
const ROUTINE = /^$|^\(λ|^ANY |^bus: |^\{"level":"INFO"/;

/** Prints what the service complained of when a test of this file fails; each line once. */
function tellOnFailure(output: () => string): void {
  const telling = globalThis as { onTestFailure?: (test: string) => void };
  const others = telling.onTestFailure;
  let told = output().length;
  telling.onTestFailure = (test) => {
    others?.(test);
    const lines = output().slice(told).split("\n");
    told = output().length;
    const complaints = lines.filter((line) => !ROUTINE.test(line)).map((line) => line.slice(0, TOLD_WIDTH));
    process.stderr.write(`\nBefore ${test} failed, the service said:\n${complaints.slice(-TOLD_LINES).join("\n")}\n`);
  };
}

/** The environment that has a run take any ports that are free. */
export const anyPort: Readonly<Record<string, string>> = Object.fromEntries(
  ["API", "LAMBDA", "ENGINE", "BUS", "CONSOLE"].map((name) => [`STREAMFOLD_${name}_PORT`, "0"]),
);

/** The first start builds everything, and others may do the same beside it. */
const READY_MS = 90_000;

/** `npm start` with a data folder of its own and free ports. */
export async function startService(
  folder: string,
  environment: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<RunningService> {
  let said = "";
  const child: ChildProcess = spawn(process.execPath, [`${root}scripts/start.mjs`, ...args], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: "", ...anyPort, STREAMFOLD_DATA: folder, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const isReady = () => /(^|\n)ready/.test(said) && existsSync(join(folder, "run.json"));
  try {
    await until(
      () => (isReady() ? true : child.exitCode === null ? undefined : false),
      "the service to be ready",
      READY_MS,
    );
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`${String(error)}\n${said}`);
  }
  if (!isReady()) throw new Error(`the service ended at once:\n${said}`);
  tellOnFailure(() => said);
  const run = JSON.parse(readFileSync(join(folder, "run.json"), "utf8")) as RunFile;
  return {
    ...run,
    output: () => said,
    ended,
    interrupt: () => {
      child.kill("SIGINT");
      return ended;
    },
    kill: async () => {
      process.kill(run.pid, "SIGKILL");
      await ended;
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a JSON body, whose expected form each test states
  readonly body: any;
}

export async function call(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
}
