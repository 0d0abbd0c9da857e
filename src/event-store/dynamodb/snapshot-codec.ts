import { contentHash } from "../content-hash.ts";
import { CorruptItemError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import type { Snapshot } from "../snapshot.ts";
import { SNAPSHOT } from "./attributes.ts";
import type { Item } from "./event-codec.ts";
import { decodePayload, encodePayload, type PayloadEncoding } from "./payload.ts";

export function encodeSnapshot(snapshot: Snapshot, encoding: PayloadEncoding): Item {
  const item: Item = {
    [SNAPSHOT.entityId]: { S: snapshot.entityId },
    [SNAPSHOT.version]: { N: String(snapshot.version) },
    [SNAPSHOT.aggregateType]: { S: snapshot.aggregateType },
    [SNAPSHOT.snapshotData]: encodePayload(snapshot.snapshotData, encoding, SNAPSHOT.snapshotData),
    [SNAPSHOT.snapshotTime]: { S: snapshot.snapshotTime },
    [SNAPSHOT.eventSequenceNumber]: { N: String(snapshot.eventSequenceNumber) },
  };
  item[SNAPSHOT.dataHash] = { S: hashOf(snapshot) };
  if (snapshot.eventId !== undefined) item[SNAPSHOT.eventId] = { S: snapshot.eventId };
  if (snapshot.stateVersion !== undefined) item[SNAPSHOT.stateVersion] = { S: snapshot.stateVersion };
  if (snapshot.commands) item[SNAPSHOT.commands] = { S: JSON.stringify(snapshot.commands) };
  if (snapshot.previous) item[SNAPSHOT.previous] = { S: JSON.stringify(snapshot.previous) };
  return item;
}

/** @throws {CorruptItemError} naming the item and the field */
export function decodeSnapshot(item: Item): Snapshot {
  const stateVersion = item[SNAPSHOT.stateVersion]?.S;
  const eventId = item[SNAPSHOT.eventId]?.S;
  const commands = list<NonNullable<Snapshot["commands"]>[number]>(item, SNAPSHOT.commands);
  const previous = list<number>(item, SNAPSHOT.previous);
  const snapshot = {
    entityId: text(item, SNAPSHOT.entityId),
    version: versionOf(item),
    aggregateType: text(item, SNAPSHOT.aggregateType),
    snapshotData: decodePayload(item[SNAPSHOT.snapshotData], keyOf(item), SNAPSHOT.snapshotData) as JsonObject,
    snapshotTime: text(item, SNAPSHOT.snapshotTime),
    eventSequenceNumber: wholeNumber(item, SNAPSHOT.eventSequenceNumber),
    ...(stateVersion === undefined ? {} : { stateVersion }),
    ...(eventId === undefined ? {} : { eventId }),
    ...(commands ? { commands } : {}),
    ...(previous ? { previous } : {}),
  };
  const hash = item[SNAPSHOT.dataHash]?.S;
  if (hash !== undefined && hash !== hashOf(snapshot)) {
    throw new CorruptItemError(keyOf(item), SNAPSHOT.snapshotData, "what its digest says: checksum mismatch");
  }
  return snapshot;
}

function list<T>(item: Item, field: string): readonly T[] | undefined {
  const value = item[field]?.S;
  if (value === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    if (Array.isArray(parsed)) return parsed as T[];
  } catch (cause) {
    throw new CorruptItemError(keyOf(item), field, "the JSON text of a list", { cause });
  }
  throw new CorruptItemError(keyOf(item), field, "the JSON text of a list");
}

function text(item: Item, field: string): string {
  const value = item[field]?.S;
  if (value === undefined) throw new CorruptItemError(keyOf(item), field, "a string");
  return value;
}

function versionOf(item: Item): number {
  const version = wholeNumber(item, SNAPSHOT.version);
  if (version < 1) throw new CorruptItemError(keyOf(item), SNAPSHOT.version, "a version, which is 1 or more");
  return version;
}

function wholeNumber(item: Item, field: string): number {
  const value = Number(item[field]?.N);
  if (!Number.isSafeInteger(value)) throw new CorruptItemError(keyOf(item), field, "an integer");
  return value;
}

const keyOf = (item: Item): string => `${item[SNAPSHOT.entityId]?.S ?? "?"} @${item[SNAPSHOT.version]?.N ?? "?"}`;

/** Over everything that a loader relies on. */
function hashOf(snapshot: Omit<Snapshot, "snapshotTime" | "previous" | "entityId">): string {
  const { version, eventSequenceNumber, aggregateType, stateVersion, snapshotData, commands, eventId } = snapshot;
  return contentHash([version, eventSequenceNumber, aggregateType, stateVersion, snapshotData, commands, eventId]);
}
