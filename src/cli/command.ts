import type { ServiceDefinition } from "../definition/index.ts";
import type { Connection } from "./connect.ts";
import type { Io } from "./io.ts";
import type { Output } from "./output.ts";
import type { Progress, ProgressOptions } from "./progress.ts";

/** An option of a command, and what its value must be. */
export type Option =
  | { readonly kind: "flag"; readonly about: string }
  | { readonly kind: "text" | "time"; readonly hint: string; readonly about: string }
  | {
      readonly kind: "integer";
      readonly hint: string;
      readonly about: string;
      readonly min: number;
      readonly max?: number;
    };

export type Options = Readonly<Record<string, Option>>;

/** `entity` must be given, `[entity]` may be. */
export type Words = readonly string[];

/** Words and options as they were given, checked. */
export interface Given<W extends Words = Words, O extends Options = Options> {
  readonly words: {
    readonly [Word in W[number] as Word extends `[${infer Name}]` ? Name : Word]: Word extends `[${string}]`
      ? string | undefined
      : string;
  };
  readonly options: { readonly [Name in keyof O]: ValueOf<O[Name]> };
}

type ValueOf<O extends Option> = O["kind"] extends "flag"
  ? boolean
  : O["kind"] extends "integer"
    ? number | undefined
    : string | undefined;

/** `problem`: the work was done and found something wrong; the exit code says so. */
export type Outcome = "done" | "problem";

/** What a command works with. Nothing is looked for or connected to before it asks. */
export interface CommandContext {
  readonly io: Io;
  readonly output: Output;
  service(): Promise<ServiceDefinition>;
  connect(): Promise<Connection>;
  progress(options: ProgressOptions): Progress;
  /** For a command with `mayAsk`. @throws {NotConfirmedError} @throws {UsageError} where nobody can be asked */
  confirm(what: string): Promise<void>;
  /** The stage that was named. */
  readonly stageName: string | undefined;
}

export interface Command<W extends Words = Words, O extends Options = Options> {
  /** One word or two: `parked list`. */
  readonly name: string;
  readonly words: W;
  readonly options: O;
  /** One line for the list of commands. */
  readonly about: string;
  /** What one must know before using it. */
  readonly details?: string;
  /** Without `streamfold` before it. */
  readonly example: string;
  /** What is lost or changed, for a command that asks before it acts. Undefined: this time it does not ask. */
  readonly asks?: (given: Given<W, O>) => string | undefined;
  /** It asks for some of what it does, as it finds out. */
  readonly mayAsk?: true;
  readonly run: (given: Given<W, O>, context: CommandContext) => Promise<Outcome>;
}

/** A command whose `run` is typed by its words and options, in the list of all. */
export function defineCommand<const W extends Words, const O extends Options>(command: Command<W, O>): Command {
  return command as unknown as Command;
}
