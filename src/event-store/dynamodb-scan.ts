import { type AttributeValue, ScanCommand } from "@aws-sdk/client-dynamodb";
import { EVENT, PAGE_ROWS } from "./dynamodb-attributes.ts";
import type { StoreContext } from "./dynamodb-context.ts";
import { decodeEvent, type Item } from "./dynamodb-event-codec.ts";
import { whileTransient } from "./dynamodb-retry.ts";
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

function readItem(item: Item): ScannedEvent[] {
  const entityId = item[EVENT.entityId]?.S;
  const sequenceNumber = Number(item[EVENT.sequenceNumber]?.N);
  if (entityId === undefined) return [];
  try {
    return [{ entityId, sequenceNumber, event: decodeEvent(item) }];
  } catch {
    return [{ entityId, sequenceNumber }];
  }
}

/** The table that is scanned, and how often a throttled request is sent. */
type Scanned = Pick<StoreContext, "client" | "eventTable" | "requestAttempts">;

interface ItemPage {
  readonly items: readonly Item[];
  readonly next: string | undefined;
  /** Read capacity units. */
  readonly capacityUnits: number;
}

/** One page of the whole table as it is, strongly consistent. An entity's items come in order, entities in none. */
export async function scanItems(scanned: Scanned, request: ScanRequest): Promise<ItemPage> {
  const { segment, segments, start, limit } = request;
  const command = new ScanCommand({
    TableName: scanned.eventTable,
    Segment: segment,
    TotalSegments: segments,
    ConsistentRead: true,
    ReturnConsumedCapacity: "TOTAL",
    ...(start === undefined ? {} : { ExclusiveStartKey: JSON.parse(start) as Record<string, AttributeValue> }),
    Limit: limit ?? PAGE_ROWS,
  });
  const answer = await whileTransient(scanned.requestAttempts, () => scanned.client.send(command));
  return {
    items: answer.Items ?? [],
    next: answer.LastEvaluatedKey && JSON.stringify(answer.LastEvaluatedKey),
    capacityUnits: answer.ConsumedCapacity?.CapacityUnits ?? 0,
  };
}

/** One page of the whole table, its events decoded where they can be. */
export async function scanEvents(context: StoreContext, request: ScanRequest): Promise<ScannedPage> {
  const { items, ...page } = await scanItems(context, request);
  return { events: items.flatMap(readItem), ...page };
}
