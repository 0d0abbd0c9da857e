import { InvalidArgumentError } from "./errors.ts";

/** A place in an index read: the entry that was given out last. */
export interface IndexPosition {
  readonly eventTime: string;
  readonly entityId: string;
  readonly sequenceNumber: number;
}

/** By time, then entity, then sequence number: the order in which index reads give events out. */
export function comparePositions(a: IndexPosition, b: IndexPosition): number {
  if (a.eventTime !== b.eventTime) return a.eventTime < b.eventTime ? -1 : 1;
  if (a.entityId !== b.entityId) return a.entityId < b.entityId ? -1 : 1;
  return a.sequenceNumber - b.sequenceNumber;
}

export function encodeIndexCursor({ eventTime, entityId, sequenceNumber }: IndexPosition): string {
  return Buffer.from(JSON.stringify([eventTime, entityId, sequenceNumber])).toString("base64url");
}

/** @throws {InvalidArgumentError} for a cursor that did not come from `encodeIndexCursor` */
export function decodeIndexCursor(cursor: string): IndexPosition {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (Array.isArray(parsed)) {
      const [eventTime, entityId, sequenceNumber] = parsed as unknown[];
      const isPosition =
        typeof eventTime === "string" && typeof entityId === "string" && typeof sequenceNumber === "number";
      if (isPosition) return { eventTime, entityId, sequenceNumber };
    }
  } catch {
    throw new InvalidArgumentError("cursor", cursor, "a cursor of an earlier read");
  }
  throw new InvalidArgumentError("cursor", cursor, "a cursor of an earlier read");
}
