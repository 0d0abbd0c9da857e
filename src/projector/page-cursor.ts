import { createHash } from "node:crypto";

/**
 * A cursor holds only the place within one query's list: partition, projection and filter come from
 * the request that brings it back, so changing it leads to another place in the same list and never
 * to other rows.
 */
export function encodeCursor(query: string, place: readonly string[]): string {
  return Buffer.from(JSON.stringify([digest(query), ...place])).toString("base64url");
}

/** @throws {InvalidCursorError} when it is malformed or belongs to another query */
export function decodeCursor(query: string, cursor: string, length: number): string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    throw new InvalidCursorError(cursor);
  }
  const isOurs =
    Array.isArray(parsed) &&
    parsed.length === length + 1 &&
    parsed.every((part) => typeof part === "string" && part !== "") &&
    parsed[0] === digest(query);
  if (!isOurs) throw new InvalidCursorError(cursor);
  return (parsed as string[]).slice(1);
}

const digest = (query: string): string => createHash("sha256").update(query).digest("base64url").slice(0, 12);

/** A cursor that this query did not give out. */
export class InvalidCursorError extends Error {
  readonly code = "INVALID_CURSOR";
  constructor(readonly cursor: string) {
    super(`cursor: expected one from an earlier answer to the same query, got ${JSON.stringify(cursor)}`);
    this.name = "InvalidCursorError";
  }
}
