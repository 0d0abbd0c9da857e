import { decodeEvent, type Item } from "../event-store/dynamodb/index.ts";
import type { StoredEvent } from "../event-store/index.ts";

/**
 * One record of the table stream: a change notification for an entity and a sequence number; the event itself is
 * a convenience that is missing when the image could not be read, and then is read from the store.
 */
export interface StreamedEvent {
  /** The stream's sequence number, which a partial failure names. */
  readonly recordId: string;
  readonly entityId: string;
  readonly sequenceNumber: number;
  /** Under the schema version that it was stored at: not yet upcast. */
  readonly event?: StoredEvent;
}

/** A record of the table stream, as Lambda hands it to a function, or as the SDK gives it. */
export interface TableStreamRecord {
  readonly eventName?: string | undefined;
  readonly dynamodb?:
    | {
        readonly Keys?: Readonly<Record<string, KeyValue>> | undefined;
        readonly NewImage?: object | undefined;
        readonly SequenceNumber?: string | undefined;
      }
    | undefined;
}

interface KeyValue {
  readonly S?: string | undefined;
  readonly N?: string | undefined;
}

export function readRecords(records: readonly TableStreamRecord[]): StreamedEvent[] {
  return records.flatMap((record) => readRecord(record) ?? []);
}

/** The event that a record tells of; undefined for what is no insert of an event (a removal, a foreign item). */
export function readRecord(record: TableStreamRecord): StreamedEvent | undefined {
  const { Keys: keys, NewImage: image, SequenceNumber: recordId } = record.dynamodb ?? {};
  const entityId = keys?.entityId?.S;
  const sequenceNumber = Number(keys?.sequenceNumber?.N);
  const isInsert = record.eventName === "INSERT" && recordId !== undefined;
  if (!isInsert || entityId === undefined || !Number.isSafeInteger(sequenceNumber)) return undefined;
  const event = image && readImage(image as Item);
  return { recordId, entityId, sequenceNumber, ...(event ? { event } : {}) };
}

function readImage(image: Item): StoredEvent | undefined {
  try {
    return decodeEvent(image);
  } catch {
    return undefined;
  }
}
