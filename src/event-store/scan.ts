import type { StoredEvent } from "./event.ts";

export interface ScanRequest {
  /** 0 to `segments` - 1. Segments can be read at the same time; an entity lies within one. */
  readonly segment: number;
  readonly segments: number;
  /** Where to go on: `next` of the page before. */
  readonly start?: string | undefined;
  /** Events to read at most. Default: a page of 1 MB. */
  readonly limit?: number | undefined;
}

/** An event as the table has it, before upcasting; without `event` when the item could not be decoded. */
export interface ScannedEvent {
  readonly entityId: string;
  readonly sequenceNumber: number;
  readonly event?: StoredEvent;
}

export interface ScannedPage {
  readonly events: readonly ScannedEvent[];
  readonly next: string | undefined;
  /** Read capacity units. */
  readonly capacityUnits: number;
}
