import { createInterface } from "node:readline/promises";

/** Whoever could be asked said no, or nobody can be asked. */
export class NotConfirmedError extends Error {
  override readonly name = "NotConfirmedError";
}

/**
 * Asks before something is lost.
 *
 * @param what what will happen, as a sentence
 * @param isYes the answer was given on the command line
 * @throws {NotConfirmedError}
 */
export async function confirm(what: string, isYes: boolean): Promise<void> {
  if (isYes) return;
  if (!process.stdin.isTTY) throw new NotConfirmedError(`${what} To do it without being asked: --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${what} Go on? (y/N) `).finally(() => terminal.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw new NotConfirmedError("nothing was done");
}
