import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { DeleteCommand, GetCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { REQUEST_ATTEMPTS, whileTransient } from "../event-store/dynamodb/index.ts";
import type { StoredEvent } from "../event-store/index.ts";
import type { ReadModelTable } from "./dynamodb-read-model-table.ts";

/** An entity that waits in one reader of the stream, a projection or the publisher, because of an event of it. */
export interface ParkedEntity {
  /** The projection's name, or `publisher`. */
  readonly projection: string;
  /** 0 of the publisher, which has none. */
  readonly generation: number;
  readonly entityId: string;
  /** The event that failed; later ones wait behind it, safe in the store. */
  readonly sequenceNumber: number;
  /** With its stack. */
  readonly error: string;
  readonly attempts: number;
  /** ISO 8601. */
  readonly parkedAt: string;
  /** Missing when it could not be read, or is too large to be kept twice. */
  readonly event?: StoredEvent | undefined;
}

/** There is no such entity parked in the projection, or in the publisher. */
export class NotParkedError extends Error {
  readonly code = "NOT_PARKED";
  constructor(where: string, entityId: string) {
    super(`${entityId} is not parked in ${where}`);
    this.name = "NotParkedError";
  }
}

/** The item of a parked entity, for the transaction that parks it. */
export function parkedItem(key: Key, { event, ...parked }: ParkedEntity): Key & { readonly parked: StoredParked } {
  const text = event === undefined ? undefined : JSON.stringify(event);
  const isKept = text !== undefined && Buffer.byteLength(text) <= MAX_EVENT;
  return { ...key, parked: isKept ? { ...parked, event: text } : parked };
}

export async function findParked({ client, name: table }: ReadModelTable, key: Key): Promise<ParkedEntity | undefined> {
  const command = new GetCommand({ TableName: table, Key: key, ConsistentRead: true });
  const { Item } = await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
  return Item && toParked(Item.parked as StoredParked);
}

/** Takes an entity from the list, unless it was parked again meanwhile. */
export async function removeParked(
  { client, name: table }: ReadModelTable,
  key: Key,
  { parkedAt }: ParkedEntity,
): Promise<void> {
  const command = new DeleteCommand({
    TableName: table,
    Key: key,
    ConditionExpression: "#parked.#parkedAt = :parkedAt",
    ExpressionAttributeNames: { "#parked": "parked", "#parkedAt": "parkedAt" },
    ExpressionAttributeValues: { ":parkedAt": parkedAt },
  });
  try {
    await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

/** Entities that are parked in a projection, in any of its generations, or in the publisher. */
export async function countParked(table: ReadModelTable, name: string): Promise<number> {
  let count = 0;
  for await (const _ of listParked(table, name)) count += 1;
  return count;
}

/** Everything that is parked in a projection, all generations, by generation and entity; or in the publisher. */
export async function* listParked({ client, name: table }: ReadModelTable, name: string): AsyncGenerator<ParkedEntity> {
  let start: Record<string, unknown> | undefined;
  do {
    const command = new QueryCommand({
      TableName: table,
      KeyConditionExpression: "#pk = :pk",
      ExpressionAttributeNames: { "#pk": "pk" },
      ExpressionAttributeValues: { ":pk": parkedPartition(name) },
      ConsistentRead: true,
      ...(start ? { ExclusiveStartKey: start } : {}),
    });
    const answer = await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
    for (const item of answer.Items ?? []) yield toParked(item.parked as StoredParked);
    start = answer.LastEvaluatedKey;
  } while (start);
}

function toParked({ event, ...parked }: StoredParked): ParkedEntity {
  return event === undefined ? parked : { ...parked, event: JSON.parse(event) as StoredEvent };
}

type Key = { readonly pk: string; readonly sk: string };

/** As the table holds it: JSON text takes every number and every depth that the store takes. */
type StoredParked = Omit<ParkedEntity, "event"> & { readonly event?: string };

/** Bytes. The event must fit into the item, beside key and error; a larger one stays in the store alone. */
const MAX_EVENT = 300 * 1024;

/** The partition that lists what is parked in a projection, or in the publisher. */
export const parkedPartition = (name: string): string => `parked#${name}`;
