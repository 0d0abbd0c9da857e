import { isConcurrencyError } from "../event-store/index.ts";
import { MalformedError, PreconditionFailedError } from "./problem.ts";

/** What `If-Match` asks of the entity: to be at one of these versions. */
export type Precondition = readonly number[];

const ENTITY_TAG = /^(W\/)?"([^"]*)"$/;
/** A list of entity tags may hold commas within them (RFC 9110, section 8.8.3). */
const LIST = /(?:W\/)?"[^"]*"|[^\s,]+/g;

/**
 * `If-Match: "7"` is the expected version (RFC 9110, section 13.1.1). Weak tags never match, nor does one that is no
 * version of ours. Undefined: any version.
 *
 * @throws {MalformedError} for what is no list of entity tags
 */
export function preconditionOf(header: string | undefined): Precondition | undefined {
  if (header === undefined) return undefined;
  const tags = header.match(LIST) ?? [];
  if (tags.length === 1 && tags[0] === "*") return undefined;
  const parsed = tags.map((tag) => ENTITY_TAG.exec(tag));
  if (tags.length === 0 || parsed.includes(null))
    throw new MalformedError(`If-Match: expected a version in quotes, such as "7", a list of them or *, got ${header}`);
  return parsed.flatMap((tag) => {
    const [, weak, version = ""] = tag ?? [];
    return weak === undefined && /^\d{1,15}$/.test(version) ? [Number(version)] : [];
  });
}

/**
 * Runs a command under a precondition: at the version that it names, at whichever of several the entity has.
 *
 * @throws {PreconditionFailedError} when it names no version that an entity can have
 */
export async function underPrecondition<T>(
  precondition: Precondition | undefined,
  run: (expectedVersion: number | undefined) => Promise<T>,
): Promise<T> {
  if (precondition === undefined) return run(undefined);
  const [first, ...others] = precondition;
  if (first === undefined) throw new PreconditionFailedError();
  try {
    return await run(first);
  } catch (error) {
    if (!isConcurrencyError(error) || !others.includes(error.actualVersion)) throw error;
    return run(error.actualVersion);
  }
}
