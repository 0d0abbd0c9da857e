import { parseArgs } from "node:util";

export interface BenchOptions {
  /** Prints one JSON document instead of tables. */
  readonly json: boolean;
  /** Of benches that measure time side by side. */
  readonly rounds: number;
}

/** The command line is not one of the bench's. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** @throws {UsageError} */
export function parseBenchArgs(args: readonly string[]): { readonly name: string; readonly options: BenchOptions } {
  const { values, positionals } = parse(args);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new UsageError(`--rounds must be a positive integer, not ${values.rounds}`);
  const [name = "", ...others] = positionals;
  if (others.length > 0) throw new UsageError(`unknown argument: ${others.join(" ")}`);
  return { name, options: { json: values.json, rounds } };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "5" } },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
