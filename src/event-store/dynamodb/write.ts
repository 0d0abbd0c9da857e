import {
  ConditionalCheckFailedException,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import type { StoredEvent } from "../event.ts";
import { EVENT } from "./attributes.ts";
import { sequenceNumberIsFree } from "./conditions.ts";
import type { StoreContext } from "./context.ts";
import { decodeEvent, type Item } from "./event-codec.ts";
import type { EventItem } from "./prepare.ts";
import { whileTransient } from "./retry.ts";

/** What came of a conditional write: undefined when it is stored, else the event that was in the way. */
export type Conflict = { readonly entityId: string; readonly winner: StoredEvent | undefined } | undefined;

/** Stores all the events or none; a single one costs a plain put, half the price of a transaction. */
export async function writeEvents(context: StoreContext, placed: readonly EventItem[]): Promise<Conflict> {
  const [only] = placed;
  if (placed.length === 1 && only) return putOne(context, only);
  return transactAll(context, placed);
}

async function putOne(context: StoreContext, { event, item }: EventItem): Promise<Conflict> {
  const command = new PutItemCommand(putOf(context, item));
  try {
    await whileTransient(context.requestAttempts, () => context.client.send(command));
    return undefined;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return conflictWith(error.Item, event);
    throw error;
  }
}

async function transactAll(context: StoreContext, placed: readonly EventItem[]): Promise<Conflict> {
  const command = new TransactWriteItemsCommand({
    ClientRequestToken: context.newId(),
    TransactItems: placed.map(({ item }) => ({ Put: putOf(context, item) })),
  });
  try {
    await whileTransient(context.requestAttempts, () => context.client.send(command));
    return undefined;
  } catch (error) {
    if (error instanceof TransactionCanceledException) return readCancellation(error, placed);
    throw error;
  }
}

const putOf = ({ eventTable }: StoreContext, item: Item) => ({
  TableName: eventTable,
  Item: item,
  ...sequenceNumberIsFree,
});

/** The reasons stand in the order of the items; a failed condition is a conflict whatever the others say. */
function readCancellation(error: TransactionCanceledException, placed: readonly EventItem[]): Conflict {
  for (const [index, reason] of (error.CancellationReasons ?? []).entries()) {
    const one = placed[index];
    if (reason.Code === "ConditionalCheckFailed" && one) return conflictWith(reason.Item, one.event);
  }
  throw error;
}

/**
 * A failed condition means success when the existing item carries the event id of this append: the first
 * reply was lost and the request was sent again, by the SDK or by us.
 */
function conflictWith(occupant: Item | undefined, event: StoredEvent): Conflict {
  const isOurs = occupant?.[EVENT.eventId]?.S === event.eventId;
  return isOurs ? undefined : { entityId: event.entityId, winner: occupant && readableEvent(occupant) };
}

/** What is no event of ours, a read will say. */
function readableEvent(item: Item): StoredEvent | undefined {
  try {
    return decodeEvent(item);
  } catch {
    return undefined;
  }
}
