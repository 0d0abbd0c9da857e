import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "./failure.ts";

/** Beside this module, built or not. */
const TEMPLATES = fileURLToPath(new URL("templates", import.meta.url));

/** A file to write: its path below the folder, and what is in it. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/** The files of a template, with `__word__` replaced by its value, in paths too. */
export function readTemplate(name: string, values: Readonly<Record<string, string>>): NewFile[] {
  const fill = (text: string) => text.replaceAll(/__(\w+?)__/g, (all, word: string) => values[word] ?? all);
  const folder = join(TEMPLATES, name);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name: file }) => join(parentPath, file))
    .sort()
    .map((path) => ({ path: targetOf(fill(path.slice(folder.length + 1))), text: fill(readFileSync(path, "utf8")) }));
}

/** npm leaves `.gitignore` out of a package. */
const targetOf = (path: string): string => (path === "_gitignore" ? ".gitignore" : path);

/** Writes all of them or, when one is there already, none. @throws {UsageError} */
export function writeNew(folder: string, files: readonly NewFile[]): void {
  const present = files.filter(({ path }) => existsSync(join(folder, path)));
  if (present.length > 0)
    throw new UsageError(
      `nothing was written: ${present.map(({ path }) => path).join(", ")} ${present.length > 1 ? "are" : "is"} there already in ${folder}`,
    );
  for (const { path, text } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    // Another process may have written it since.
    writeFileSync(join(folder, path), text, { flag: "wx" });
  }
}
