import { execFileSync, spawn } from "node:child_process";

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Called {
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly input?: string;
}

let built: string | undefined;

/** The command as `npm run build` makes it, built once in this process. */
export function builtCommand(): string {
  if (built) return built;
  const folder = `${process.cwd()}/dist/scripts/streamfold.${process.pid}`;
  const script = `import { buildCli } from "./scripts/build/cli.mjs"; await buildCli(${JSON.stringify(folder)});`;
  const env = { ...process.env, NODE_OPTIONS: "" };
  execFileSync(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit", env });
  built = `${folder}/dist/cli/streamfold.mjs`;
  return built;
}

/** Starts the command as a process of its own. Arguments are split at blanks unless they come as a list. */
export function start(args: string | readonly string[], { env = {}, folder = process.cwd(), input }: Called = {}) {
  const words = typeof args === "string" ? args.split(" ").filter((word) => word !== "") : args;
  const child = spawn(process.execPath, [builtCommand(), ...words], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.end(input ?? "");
  const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, out, err })));
  return { child, ended, out: () => out, err: () => err };
}

/** Runs the command to its end. */
export const run = (args: string | readonly string[], called?: Called): Promise<Ended> => start(args, called).ended;
