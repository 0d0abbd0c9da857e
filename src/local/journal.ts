import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/** Lines of JSON in a file. What was appended is there after a kill. */
export class Journal<Line> {
  readonly #path: string | undefined;

  /** @param path undefined keeps nothing beyond the process */
  constructor(path: string | undefined) {
    this.#path = path;
    if (path !== undefined) mkdirSync(dirname(path), { recursive: true });
  }

  /** What stands in the file. A last line that a kill has torn is cut off, so that the next one begins a line. */
  read(): Line[] {
    if (this.#path === undefined || !existsSync(this.#path)) return [];
    const text = readFileSync(this.#path, "utf8");
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    if (whole.length < text.length) truncateSync(this.#path, Buffer.byteLength(whole));
    return whole
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Line);
  }

  /** All of the lines or none: a full disk leaves no torn line for the next one to run into. */
  append(lines: readonly Line[]): void {
    if (this.#path === undefined || lines.length === 0) return;
    const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    try {
      appendFileSync(this.#path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    } catch (error) {
      if (existsSync(this.#path)) truncateSync(this.#path, size);
      throw error;
    }
  }

  /** Puts these lines in place of all. */
  rewrite(lines: readonly Line[]): void {
    if (this.#path === undefined) return;
    writeFileSync(`${this.#path}.new`, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    renameSync(`${this.#path}.new`, this.#path);
  }
}
