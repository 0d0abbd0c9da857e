import { InvalidArgumentError } from "./errors.ts";
import type { NewSnapshot, Snapshot, SnapshotOptions, SnapshotQuery } from "./snapshot.ts";
import { plainJson } from "./storable.ts";
import { checkFields, checkKeyText, checkWholeNumber, type Fields } from "./validate.ts";

/**
 * A snapshot as it will be stored.
 *
 * @throws {InvalidArgumentError} @throws {UnstorableValueError} for a state that would not come back as it is
 */
export function prepareSnapshot(made: NewSnapshot, options: SnapshotOptions, clock: () => Date): Snapshot {
  checkKeyText("entityId", made.entityId);
  checkKeyText("aggregateType", made.aggregateType);
  checkWholeNumber("version", made.version, 1);
  checkWholeNumber("eventSequenceNumber", made.eventSequenceNumber, 1);
  checkFields("options", options, OPTIONS);
  const { stateVersion, commands, previous, eventId } = options;
  const { aggregateType, entityId, version, eventSequenceNumber } = made;
  return {
    aggregateType,
    entityId,
    version,
    eventSequenceNumber,
    snapshotData: plainJson(made.snapshotData, "snapshotData"),
    snapshotTime: clock().toISOString(),
    ...(stateVersion === undefined ? {} : { stateVersion }),
    ...(commands ? { commands } : {}),
    ...(previous ? { previous } : {}),
    ...(eventId === undefined ? {} : { eventId }),
  };
}

/** @throws {InvalidArgumentError} */
export function checkSnapshotQuery(entityId: string, query: SnapshotQuery): void {
  checkKeyText("entityId", entityId);
  checkFields("query", query, QUERY);
  if (query.atMost !== undefined) checkWholeNumber("query.atMost", query.atMost, 0);
  if (query.limit !== undefined) checkWholeNumber("query.limit", query.limit, 1);
}

/** @throws {InvalidArgumentError} */
export function checkExpiry(entityId: string, version: number, expiresAt: Date): void {
  checkKeyText("entityId", entityId);
  checkWholeNumber("version", version, 1);
  if (!(expiresAt instanceof Date) || Number.isNaN(expiresAt.getTime()))
    throw new InvalidArgumentError("expiresAt", expiresAt, "a date");
}

const QUERY: Fields<SnapshotQuery> = { atMost: true, limit: true, consistent: true };
const OPTIONS: Fields<SnapshotOptions> = { stateVersion: true, commands: true, previous: true, eventId: true };
