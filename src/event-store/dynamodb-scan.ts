import { type AttributeValue, ScanCommand } from "@aws-sdk/client-dynamodb";
import { EVENT } from "./dynamodb-attributes.ts";
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

/** One page of the whole table, strongly consistent. An entity's events come in order, entities in none. */
export async function scanEvents(context: StoreContext, request: ScanRequest): Promise<ScannedPage> {
  const { segment, segments, start, limit } = request;
  const command = new ScanCommand({
    TableName: context.eventTable,
    Segment: segment,
    TotalSegments: segments,
    ConsistentRead: true,
    ReturnConsumedCapacity: "TOTAL",
    ...(start === undefined ? {} : { ExclusiveStartKey: JSON.parse(start) as Record<string, AttributeValue> }),
    ...(limit === undefined ? {} : { Limit: limit }),
  });
  const answer = await whileTransient(context.requestAttempts, () => context.client.send(command));
  return {
    events: (answer.Items ?? []).flatMap(readItem),
    next: answer.LastEvaluatedKey && JSON.stringify(answer.LastEvaluatedKey),
    capacityUnits: answer.ConsumedCapacity?.CapacityUnits ?? 0,
  };
}
