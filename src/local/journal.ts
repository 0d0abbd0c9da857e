import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { dirname } from "node:path";
import { DamagedFileError, writeWhole } from "./state-file.ts";

/** Lines of JSON in a file. What was appended is there after a kill. */
export class Journal<Line> {
  readonly #path: string | undefined;

  /** @param path undefined keeps nothing beyond the process */
  constructor(path: string | undefined) {
    this.#path = path;
    if (path !== undefined) mkdirSync(dirname(path), { recursive: true });
  }

  /**
   * What stands in the file. A last line that a kill has torn is cut off, so that the next one begins a line.
   *
   * @throws {DamagedFileError} naming a line that is no JSON
   */
  read(): Line[] {
    const path = this.#path;
    if (path === undefined || !existsSync(path)) return [];
    const text = readFileSync(path, "utf8");
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
    return whole.split("\n").flatMap((line, index) => (line === "" ? [] : [parseLine<Line>(path, line, index + 1)]));
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
    writeWhole(this.#path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }
}

function parseLine<Line>(path: string, text: string, number: number): Line {
  try {
    return JSON.parse(text) as Line;
  } catch {
    throw new DamagedFileError(path, `line ${number} is no JSON`, "delete that line or the file");
  }
}
