import type { CommandContext } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { confirm } from "./confirm.ts";
import { type Connection, connect } from "./connect.ts";
import { EXIT, type ExitCode, type Failure, failureOf } from "./failure.ts";
import { helpOf, helpOfAll } from "./help.ts";
import type { Io } from "./io.ts";
import { createOutput } from "./output.ts";
import { findCommand, type Parsed, parse } from "./parse.ts";
import { createProgress } from "./progress.ts";
import { loadService } from "./service-module.ts";

/** Runs one command. Answers with the exit code; nothing is thrown. */
export async function runCommandLine(args: readonly string[], io: Io): Promise<ExitCode> {
  const { command, wantsHelp, isJson } = findCommand(args, COMMANDS);
  if (wantsHelp) {
    await io.write(command ? helpOf(command) : helpOfAll(COMMANDS));
    return EXIT.done;
  }
  try {
    return await runCommand(parse(args, COMMANDS), io);
  } catch (error) {
    const failure = failureOf(error);
    tellFailure(io, isJson, { ...failure, help: `streamfold ${command?.name ?? ""}`.trim() });
    return failure.exitCode;
  }
}

async function runCommand({ command, given, common }: Parsed, io: Io): Promise<ExitCode> {
  const { stage, service: reference, json } = common;
  const service = remember(() => loadService(io, reference));
  let connection: Connection | undefined;
  const context: CommandContext = {
    io,
    output: createOutput(io, json),
    service,
    connect: remember(async () => {
      connection = await connect(io, { service: await service(), stage });
      return connection;
    }),
    progress: (options) => createProgress(io, json, options),
    confirm: async (what) => (common.yes ? undefined : confirm(io, what)),
    stageName: stage,
  };
  try {
    const warning = command.asks?.(given);
    if (warning !== undefined) await context.confirm(warning);
    return (await command.run(given, context)) === "done" ? EXIT.done : EXIT.problem;
  } finally {
    connection?.close();
  }
}

function tellFailure(io: Io, isJson: boolean, { exitCode, message, help }: Failure & { readonly help: string }): void {
  if (isJson) io.tell(`${JSON.stringify({ error: { message, exitCode } })}\n`);
  else io.tell(exitCode === EXIT.usage ? `${message}\n\n${help} --help says how to use it.\n` : `${message}\n`);
}

/** Made when it is first asked for, and once. */
function remember<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
