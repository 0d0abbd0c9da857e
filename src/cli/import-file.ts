import { createReadStream, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { SourceLine } from "../operations/check-import.ts";
import type { ImportPosition } from "../operations/dynamodb-import-events.ts";
import { UsageError } from "./failure.ts";

/** The lines of a file. @throws {UsageError} for what is no file */
export function linesOf(file: string): () => AsyncIterable<SourceLine> {
  if (!existsSync(file) || !statSync(file).isFile()) throw new UsageError(`there is no file ${file}`);
  return async function* read() {
    let number = 0;
    for await (const text of createInterface({
      input: createReadStream(file, "utf8"),
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      number += 1;
      yield { number, text };
    }
  };
}

/** How far an import was when it stopped, and what it was of. */
interface Kept {
  /** The file's checksum, the table and the options: of another import nothing is known. */
  readonly identity: string;
  readonly startedAt: string;
  readonly position: ImportPosition;
}

/** The place of an import, beside its file, as long as it is not finished. */
export class KeptPosition {
  readonly #path: string;
  readonly #identity: string;

  constructor(file: string, identity: string) {
    this.#path = `${file}.importing`;
    this.#identity = identity;
  }

  read(): Kept | undefined {
    if (!existsSync(this.#path)) return undefined;
    try {
      const kept = JSON.parse(readFileSync(this.#path, "utf8")) as Kept;
      return kept.identity === this.#identity ? kept : undefined;
    } catch {
      // It can be done without: what is stored is found by reading it.
      return undefined;
    }
  }

  write(startedAt: string, position: ImportPosition): void {
    writeFileSync(
      `${this.#path}.new`,
      JSON.stringify({ identity: this.#identity, startedAt, position } satisfies Kept),
    );
    renameSync(`${this.#path}.new`, this.#path);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}
