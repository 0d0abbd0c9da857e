import { setTimeout as pause } from "node:timers/promises";
import type { Io } from "../../../src/cli/io.ts";
import { runCommandLine } from "../../../src/cli/run.ts";

export interface TestIo {
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly input?: string;
  /** What is answered to whatever is asked. Default: nobody can be asked. */
  readonly answer?: string;
  readonly isTerminal?: boolean;
  readonly signal?: AbortSignal;
  readonly clock?: () => Date;
  /** Told of what is written, as it is written. */
  readonly heard?: (text: string) => void;
}

/** Runs the command line in this process, as `main.ts` does, and captures what it says. */
export async function call(args: string | readonly string[], given: TestIo = {}) {
  let out = "";
  let err = "";
  const { answer } = given;
  const ask = async (question: string): Promise<string> => {
    err += question;
    return answer ?? "";
  };
  const io: Io = {
    env: given.env ?? {},
    folder: given.folder ?? process.cwd(),
    write: async (text) => {
      out += text;
      given.heard?.(text);
    },
    tell(text) {
      err += text;
    },
    isTerminal: given.isTerminal ?? false,
    ask: answer === undefined ? undefined : ask,
    read: async () => given.input ?? "",
    interruption: () => given.signal ?? new AbortController().signal,
    clock: given.clock ?? (() => new Date()),
    newId: () => crypto.randomUUID(),
    pause: async (milliseconds) => void (await pause(milliseconds)),
  };
  const code = await runCommandLine(typeof args === "string" ? args.split(" ").filter((one) => one !== "") : args, io);
  return { code, out, err };
}
