import { parseArgs } from "node:util";
import type { Command, Given, Option, Options } from "./command.ts";
import { UsageError } from "./failure.ts";
import { suggestion } from "./nearest.ts";
import { parseValue } from "./values.ts";

/** Options of every command. */
export const COMMON = {
  stage: { kind: "text", hint: "NAME", about: "a stage on AWS; without it the service that runs on this machine" },
  service: {
    kind: "text",
    hint: "FILE#EXPORT",
    about: "the service's declaration; default: `streamfold.service` of package.json",
  },
  json: { kind: "flag", about: "print JSON" },
  yes: { kind: "flag", about: "do not ask before acting" },
  help: { kind: "flag", about: "print how to use the command" },
} as const satisfies Options;

export interface Parsed {
  readonly command: Command;
  readonly given: Given;
  readonly common: Given<[], typeof COMMON>["options"];
}

/** Finds the command that is asked for, without looking at its words and options. */
export interface Asked {
  readonly command: Command | undefined;
  readonly wantsHelp: boolean;
  readonly isJson: boolean;
}

export function findCommand(args: readonly string[], commands: readonly Command[]): Asked {
  const names = args.filter((one) => !one.startsWith("-"));
  const command =
    commands.find(({ name }) => name === names.slice(0, 2).join(" ")) ?? commands.find(({ name }) => name === names[0]);
  const wantsHelp = args.includes("--help") || args.includes("-h") || (!command && names[0] === "help");
  return { command, wantsHelp, isJson: args.includes("--json") };
}

/** @throws {UsageError} for a command, a word or an option that is not known or is missing */
export function parse(args: readonly string[], commands: readonly Command[]): Parsed {
  const { command } = findCommand(args, commands);
  if (!command) throw unknownCommand(args, commands);
  const known: Options = { ...command.options, ...COMMON };
  const { positionals, options } = readOptions(args, command, known);
  if (options.yes === true && !command.asks && !command.mayAsk)
    throw new UsageError(`${command.name}: --yes is for commands that ask`);
  const words = wordsOf(command, positionals.slice(command.name.split(" ").length));
  return { command, given: { words, options } as Given, common: options as Parsed["common"] };
}

function unknownCommand(args: readonly string[], commands: readonly Command[]): UsageError {
  const [first, second] = args.filter((one) => !one.startsWith("-"));
  if (first === undefined) return new UsageError("expected a command");
  const family = commands.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  if (family.length > 0) {
    const got = second === undefined ? "" : `, got ${first} ${second}`;
    return new UsageError(
      `expected ${family.join(", ")}${got}${second ? suggestion(`${first} ${second}`, family) : ""}`,
    );
  }
  const names = commands.flatMap(({ name }) => [name, name.split(" ")[0] ?? name]);
  return new UsageError(`there is no command ${first}${suggestion(first, [...new Set(names)])}`);
}

type Values = Record<string, string | number | boolean | undefined>;

function readOptions(args: readonly string[], command: Command, known: Options) {
  const config = Object.fromEntries(
    Object.entries(known).map(([name, { kind }]) => [name, { type: kind === "flag" ? "boolean" : "string" } as const]),
  );
  const { positionals, tokens } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: false,
    tokens: true,
    options: config,
  });
  const options: Values = {};
  for (const [name, { kind }] of Object.entries(known)) options[name] = kind === "flag" ? false : undefined;
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const option = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!option) throw unknownOption(rawName, command, known);
    if (seen.has(name)) throw new UsageError(`${command.name}: ${rawName} was given twice`);
    seen.add(name);
    options[name] = parseValue(`${command.name}: ${rawName}`, option, value);
  }
  return { positionals, options };
}

function unknownOption(given: string, command: Command, known: Options): UsageError {
  const names = Object.keys(known).map((name) => `--${name}`);
  return new UsageError(`${command.name}: there is no option ${given}${suggestion(given, names)}`);
}

function wordsOf({ name, words }: Command, given: readonly string[]): Given["words"] {
  const required = words.filter((word) => !word.startsWith("["));
  const isFitting = given.length >= required.length && given.length <= words.length && !given.includes("");
  if (!isFitting)
    throw new UsageError(
      `${name}: expected ${words.map(showWord).join(" ") || "no more words"}, got ${given.join(" ") || "nothing"}`,
    );
  return Object.fromEntries(words.map((word, index) => [word.replace(/[[\]]/g, ""), given[index]])) as Given["words"];
}

/** `ENTITY`, `[ENTITY]`. */
export const showWord = (word: string): string => word.toUpperCase();

/** `--at N`. */
export const showOption = (name: string, option: Option): string =>
  option.kind === "flag" ? `--${name}` : `--${name} ${option.hint}`;
