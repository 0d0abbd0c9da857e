import type { Io } from "./io.ts";
import { tableLines } from "./table.ts";

type Row = Readonly<Record<string, unknown>>;

/** Where results go: text for people, or JSON for programs. */
export interface Output {
  readonly isJson: boolean;
  /** The one result of a command: JSON of `value`, or what `text` makes of it. */
  result(value: unknown, text: () => string | readonly string[]): Promise<void>;
  /** One of many results: a line of JSON, or of text. */
  line(value: unknown, text: () => string): Promise<void>;
  /** Something to know that is no result. Not with `--json`. */
  note(text: string): void;
}

export function createOutput(io: Io, isJson: boolean): Output {
  const lines = (text: string | readonly string[]): string => `${[text].flat().join("\n")}\n`;
  return {
    isJson,
    result: (value, text) => io.write(isJson ? `${JSON.stringify(value)}\n` : lines(text())),
    line: (value, text) => io.write(isJson ? `${JSON.stringify(value)}\n` : lines(text())),
    note: (text) => {
      if (!isJson) io.tell(`${text}\n`);
    },
  };
}

/** A table with a line below it. */
export const tableAnd = (rows: readonly Row[], summary: string): string[] => [
  ...tableLines(rows),
  ...(rows.length > 0 ? [""] : []),
  summary,
];
