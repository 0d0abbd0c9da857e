import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunFile } from "../../../src/local/run-file.ts";
import { anyPort } from "../service.ts";
import { until } from "../until.ts";
import { plainEnvironment } from "./packed.ts";

export interface OfflineRun extends RunFile {
  /** Every event that the bus has taken. */
  published(): readonly Published[];
  /** Ctrl-C. Answers with the exit code. */
  stop(): Promise<number | null>;
}

interface Published {
  readonly "detail-type": string;
  readonly source: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A service as its `npm start` runs it, on free ports, with its data in its own folder. */
export async function startOffline(folder: string): Promise<OfflineRun> {
  const { scripts } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { scripts: { start: string } };
  const [command = "", ...args] = scripts.start.split(" ");
  let said = "";
  const child = spawn(process.execPath, [join(folder, "node_modules/.bin", command), ...args], {
    cwd: folder,
    env: { ...plainEnvironment(), ...anyPort },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const file = join(folder, ".streamfold/run.json");
  const look = () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${said}`);
    return existsSync(file) && /(^|\n)ready/.test(said) ? true : undefined;
  };
  try {
    await until(look, "the service to be ready");
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`${String(error)}\n${said}`);
  }
  const run = JSON.parse(readFileSync(file, "utf8")) as RunFile;
  const archive = join(folder, ".streamfold/bus-archive.jsonl");
  return {
    ...run,
    published: () =>
      existsSync(archive)
        ? readFileSync(archive, "utf8")
            .split("\n")
            .flatMap((line) => (line === "" ? [] : [(JSON.parse(line) as { readonly event: Published }).event]))
        : [],
    stop: () => {
      child.kill("SIGINT");
      return ended;
    },
  };
}
