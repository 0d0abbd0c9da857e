import { UsageError } from "./failure.ts";
import type { Io } from "./io.ts";

/** The answer was no. Nothing was done. */
export class NotConfirmedError extends Error {
  readonly code = "NOT_CONFIRMED";
  override readonly name = "NotConfirmedError";
}

/**
 * Asks before something is lost or cannot be taken back.
 *
 * @param what what will happen, as a sentence
 * @throws {NotConfirmedError} @throws {UsageError} where nobody can be asked
 */
export async function confirm(io: Io, what: string): Promise<void> {
  if (!io.ask) throw new UsageError(`${what} To do it without being asked: --yes`);
  const answer = await io.ask(`${what} Go on? (y/N) `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new NotConfirmedError("nothing was done");
}
