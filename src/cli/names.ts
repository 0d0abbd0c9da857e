import { UsageError } from "./failure.ts";

/** One name in the forms in which code has it. */
export interface Names {
  /** `credit-note` */
  readonly file: string;
  /** `creditNote` */
  readonly value: string;
  /** `creditNotes` */
  readonly values: string;
  /** `CreditNote` */
  readonly type: string;
}

/** @param text `credit-note`, `creditNote` or `CreditNote` @throws {UsageError} */
export function namesOf(text: string): Names {
  const file = text.replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(file) || file.length > 64)
    throw new UsageError(`NAME: expected words such as credit-note, got ${text}`);
  const value = file.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  if (RESERVED.has(value)) throw new UsageError(`NAME: expected another word, ${value} is one of JavaScript's`);
  return { file, value, values: pluralOf(value), type: value.charAt(0).toUpperCase() + value.slice(1) };
}

/** As nouns mostly have it; the name stands in one place of the service, where it can be changed. */
function pluralOf(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`;
}

const RESERVED = new Set(
  "arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield z row state title known open changed existing test given created closed stories rejected projecting".split(
    " ",
  ),
);
