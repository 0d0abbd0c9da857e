import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Lines of JSON in a file. What was appended is there after a kill; a torn last line is dropped. */
export class Journal<Line> {
  readonly #path: string | undefined;

  /** @param path undefined keeps nothing beyond the process */
  constructor(path: string | undefined) {
    this.#path = path;
    if (path !== undefined) mkdirSync(dirname(path), { recursive: true });
  }

  read(): Line[] {
    if (this.#path === undefined || !existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, "utf8")
      .split("\n")
      .filter((line) => line !== "");
    return lines.flatMap((line, index) => {
      try {
        return [JSON.parse(line) as Line];
      } catch (error) {
        if (index === lines.length - 1) return [];
        throw error;
      }
    });
  }

  append(lines: readonly Line[]): void {
    if (this.#path === undefined || lines.length === 0) return;
    appendFileSync(this.#path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }

  /** Puts these lines in place of all. */
  rewrite(lines: readonly Line[]): void {
    if (this.#path === undefined) return;
    writeFileSync(`${this.#path}.new`, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    renameSync(`${this.#path}.new`, this.#path);
  }
}
