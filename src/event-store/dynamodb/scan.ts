import { type AttributeValue, ScanCommand } from "@aws-sdk/client-dynamodb";
import type { ScannedEvent, ScannedPage, ScanRequest } from "../scan.ts";
import { EVENT, PAGE_ROWS } from "./attributes.ts";
import type { StoreContext } from "./context.ts";
import { decodeEvent, type Item } from "./event-codec.ts";
import { whileTransient } from "./retry.ts";

/** One page of the whole table, its events decoded where they can be. */
export async function scanEvents(context: StoreContext, request: ScanRequest): Promise<ScannedPage> {
  const { items, ...page } = await scanItems(context, request);
  return { events: items.flatMap(readItem), ...page };
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
