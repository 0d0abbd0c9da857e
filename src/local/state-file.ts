import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * The JSON object of a file, or undefined where there is none.
 *
 * @param remedy what whoever starts the service can do about a damaged one
 * @throws {DamagedFileError}
 */
export function readState<T extends object>(path: string, remedy: string): T | undefined {
  if (!existsSync(path)) return undefined;
  let state: unknown;
  try {
    state = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new DamagedFileError(path, (error as Error).message, remedy);
  }
  if (typeof state !== "object" || state === null || Array.isArray(state))
    throw new DamagedFileError(path, "it is no JSON object", remedy);
  return state as T;
}

/** A file of the data folder is not as it was written. */
export class DamagedFileError extends Error {
  readonly code = "DAMAGED_FILE";
  override readonly name = "DamagedFileError";

  constructor(path: string, reason: string, remedy: string) {
    super(`${path} is damaged (${reason}); ${remedy}, or start with --fresh, which begins with empty tables`);
  }
}

/** Whoever reads the file finds what it was or what it is now, and nothing between, after a kill too. */
export function writeWhole(path: string, contents: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, contents);
  renameSync(`${path}.new`, path);
}
