import type { Command, Options } from "./command.ts";
import { COMMON, showOption, showWord } from "./parse.ts";
import { alignedLines } from "./table.ts";

/** All commands, each with its line. */
export function helpOfAll(commands: readonly Command[]): string {
  return `Usage: streamfold COMMAND [OPTIONS]

${alignedLines(commands.map((command) => [`  ${callOf(command)}`, command.about])).join("\n")}

Options of every command:
${optionLines(COMMON)}

It works on the service that runs on this machine (npm start, in the data folder STREAMFOLD_DATA), or with --stage
(or TABLE_PREFIX) on AWS, with the SDK's usual variables: AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL_DYNAMODB and so on.
INDEX_SHARDS says how many index shards a stage on AWS was deployed with.

Exit codes: 0 done; 1 failed, or found something wrong; 2 called in a wrong way; 3 the service cannot be reached.
`;
}

export function helpOf(command: Command): string {
  const { about, details, example, options, asks, mayAsk } = command;
  const { yes, ...others } = COMMON;
  const common: Options = asks || mayAsk ? { ...others, yes } : others;
  const own = Object.keys(options).length === 0 ? "" : `\nOptions:\n${optionLines(options)}\n`;
  return `Usage: streamfold ${callOf(command)} [OPTIONS]

${about}.
${details === undefined ? "" : `\n${details}\n`}${own}
Options of every command:
${optionLines(common)}

Example:
  streamfold ${example}
`;
}

const callOf = ({ name, words }: Command): string => [name, ...words.map(showWord)].join(" ");

const optionLines = (options: Options): string =>
  alignedLines(Object.entries(options).map(([name, option]) => [`  ${showOption(name, option)}`, option.about])).join(
    "\n",
  );
