import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { Io } from "./io.ts";

/** The process that runs the command line. */
export function processIo(): Io {
  const { stdin, stdout, stderr } = process;
  // Whoever read the output has seen enough, as `head` does.
  stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  return {
    env: process.env,
    folder: process.cwd(),
    write: (text) => new Promise((resolve) => stdout.write(text, () => resolve())),
    tell: (text) => void stderr.write(text),
    isTerminal: stderr.isTTY === true,
    ask: stdin.isTTY ? askOnTerminal : undefined,
    read: readInput,
    interruption: onceInterrupted(),
    clock: () => new Date(),
    newId: randomUUID,
    pause: async (milliseconds) => void (await pause(milliseconds)),
  };
}

async function askOnTerminal(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  return terminal.question(question).finally(() => terminal.close());
}

async function readInput(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(Buffer.from(part as Uint8Array));
  return Buffer.concat(parts).toString("utf8");
}

/** A second Ctrl-C ends the process at once, as it would without this. */
function onceInterrupted(): () => AbortSignal {
  let controller: AbortController | undefined;
  return () => {
    if (controller) return controller.signal;
    const own = new AbortController();
    controller = own;
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => own.abort());
    return own.signal;
  };
}
