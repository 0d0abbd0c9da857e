import { createHash } from "node:crypto";
import { isEventStoreError } from "../event-store/index.ts";
import { isTrailer, type Trailer } from "./event-line.ts";
import { parseExactly } from "./exact-json.ts";
import { EventLineReader, type LineRules } from "./read-event-lines.ts";

/** A line of a file that is imported, counted from 1. */
export interface SourceLine {
  readonly number: number;
  readonly text: string;
}

/** Gives the lines of one file from the first on, each time that it is called. */
export type ImportSource = () => AsyncIterable<SourceLine>;

export interface CheckedImport {
  readonly events: number;
  readonly entities: number;
  /** SHA-256 of the lines of the events, in hexadecimal. */
  readonly sha256: string;
}

/**
 * Reads a file whole, before anything of it is stored.
 *
 * @throws {ImportRefusedError} naming the first lines that cannot be imported, or a checksum that does not match
 */
export async function checkImport(source: ImportSource, rules: LineRules): Promise<CheckedImport> {
  const check = new ImportCheck(rules);
  for await (const line of source()) {
    if (line.text.trim() !== "") await check.take(line);
    if (check.problems.length >= MOST_PROBLEMS) break;
  }
  return check.end();
}

class ImportCheck {
  readonly problems: string[] = [];
  readonly #reader: EventLineReader;
  readonly #hash = createHash("sha256");
  #events = 0;
  #trailer: Trailer | undefined;

  constructor(rules: LineRules) {
    this.#reader = new EventLineReader(rules);
  }

  async take({ number, text }: SourceLine): Promise<void> {
    try {
      const value = parseExactly(text);
      if (this.#trailer) this.problems.push(`line ${number}: there is more behind the last line of an export`);
      else if (isTrailer(value)) this.#trailer = value;
      else await this.#takeEvent(text, value);
    } catch (error) {
      if (!isEventStoreError(error)) throw error;
      this.problems.push(`line ${number}: ${error.message}`);
    }
  }

  async #takeEvent(text: string, value: unknown): Promise<void> {
    this.#events += 1;
    this.#hash.update(`${text}\n`);
    await this.#reader.read(value);
  }

  /** @throws {ImportRefusedError} */
  end(): CheckedImport {
    const events = this.#events;
    const sha256 = this.#hash.digest("hex");
    const expected = this.#trailer ?? { events, sha256 };
    if (this.problems.length === 0 && (expected.sha256 !== sha256 || expected.events !== events))
      this.problems.push(
        `the checksum does not match: the file was damaged or changed since its export (${events} events with ${sha256}, expected ${expected.events} with ${expected.sha256})`,
      );
    if (this.problems.length > 0) throw new ImportRefusedError(this.problems);
    return { events, entities: this.#reader.entities, sha256 };
  }
}

const MOST_PROBLEMS = 20;

/** The file cannot be imported as it is. Nothing of it was stored. */
export class ImportRefusedError extends Error {
  readonly code = "IMPORT_REFUSED";
  constructor(readonly problems: readonly string[]) {
    super(`nothing was imported:\n  ${problems.join("\n  ")}`);
    this.name = "ImportRefusedError";
  }
}
