import {
  ConditionalCheckFailedException,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { sequenceNumberIsFree } from "./dynamodb-conditions.ts";
import type { StoreContext } from "./dynamodb-context.ts";
import { decodeEvent, type Item } from "./dynamodb-event-codec.ts";
import { encodeAll } from "./dynamodb-prepare.ts";
import { whileTransient } from "./dynamodb-retry.ts";
import type { StoredEvent } from "./event.ts";

/** What came of a conditional write: undefined when it is stored, else the entity that was in the way. */
export type Conflict = { readonly entityId: string } | undefined;

/**
 * A failed condition is our own success when the item in the way carries our event id: the first
 * reply was lost and the request was sent again, by the SDK or by us.
 */
function conflictWith(occupant: Item | undefined, event: StoredEvent): Conflict {
  const isOurs = occupant !== undefined && decodeEvent(occupant).eventId === event.eventId;
  return isOurs ? undefined : { entityId: event.entityId };
}

async function putOne(context: StoreContext, event: StoredEvent, item: Item): Promise<Conflict> {
  const command = new PutItemCommand({
    TableName: context.eventTable,
    Item: item,
    ...sequenceNumberIsFree,
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  try {
    await whileTransient(context.requestAttempts, () => context.client.send(command));
    return undefined;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return conflictWith(error.Item, event);
    throw error;
  }
}

/** The reasons stand in the order of the items; a failed condition is a conflict whatever the others say. */
function readCancellation(error: TransactionCanceledException, events: readonly StoredEvent[]): Conflict {
  for (const [index, reason] of (error.CancellationReasons ?? []).entries()) {
    const event = events[index];
    if (reason.Code === "ConditionalCheckFailed" && event) return conflictWith(reason.Item, event);
  }
  throw error;
}

async function transactAll(context: StoreContext, events: readonly StoredEvent[], items: Item[]): Promise<Conflict> {
  const command = new TransactWriteItemsCommand({
    ClientRequestToken: context.newId(),
    TransactItems: items.map((item) => ({
      Put: {
        TableName: context.eventTable,
        Item: item,
        ...sequenceNumberIsFree,
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      },
    })),
  });
  try {
    await whileTransient(context.requestAttempts, () => context.client.send(command));
    return undefined;
  } catch (error) {
    if (error instanceof TransactionCanceledException) return readCancellation(error, events);
    throw error;
  }
}

/** Stores all the events or none; a single one costs a plain put, half the price of a transaction. */
export async function writeEvents(context: StoreContext, events: readonly StoredEvent[]): Promise<Conflict> {
  const items = encodeAll(context, events);
  const [event] = events;
  const [item] = items;
  if (events.length === 1 && event && item) return putOne(context, event, item);
  return transactAll(context, events, items);
}
