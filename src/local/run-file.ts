import { join } from "node:path";
import { ask } from "./ask.ts";
import { isAlive } from "./engine.ts";
import { readState } from "./state-file.ts";

/** What the running service tells other programs about itself. */
export interface RunFile {
  readonly pid: number;
  readonly api: string;
  readonly engine: string;
  readonly bus: string;
  readonly lambda: string;
  readonly console: string;
  /** What the names of the tables and of the bus begin with. */
  readonly prefix: string;
  readonly indexShards: number;
}

/** The service that runs on a folder. @throws saying what to do when none does */
export async function findRun(folder: string): Promise<RunFile> {
  const run = readRunFile(folder);
  const advice = `start it with "npm start" in another shell`;
  if (run === undefined) throw new Error(`no service is running here (${runFileOf(folder)} is missing); ${advice}`);
  if (await isRunning(run)) return run;
  throw new Error(
    `no service is running here: the one of ${runFileOf(folder)} (process ${run.pid}) ended without a word; ${advice}, nothing is lost`,
  );
}

/** What a run on this folder said of itself, whether or not it still runs. @throws {DamagedFileError} */
export const readRunFile = (folder: string): RunFile | undefined =>
  readState<RunFile>(runFileOf(folder), "delete it when no service runs on this folder");

export const runFileOf = (folder: string): string => join(folder, "run.json");

/** Whether the run still runs: its number may have been given to another process. */
export async function isRunning({ pid, bus }: RunFile): Promise<boolean> {
  return isAlive(pid) && (await ask(`${bus}/run`))?.body === identityOf(pid);
}

/** What a run answers to whoever asks its bus's port which process it is. */
export const identityOf = (pid: number): string => JSON.stringify({ pid });
