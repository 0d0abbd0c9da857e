import { DeleteCommand, GetCommand, PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { type StoredEvent, whileTransient } from "../event-store/index.ts";
import { ATTEMPTS, type ReadModelTable } from "./dynamodb-positions.ts";
import { type GenerationKey, parkedKey } from "./dynamodb-read-model-keys.ts";

/** An entity that waits in one projection because an event of it cannot be taken. */
export interface ParkedEntity {
  readonly projection: string;
  readonly generation: number;
  readonly entityId: string;
  /** The event that failed; later ones wait behind it, safe in the store. */
  readonly sequenceNumber: number;
  /** With its stack. */
  readonly error: string;
  readonly attempts: number;
  /** ISO 8601. */
  readonly parkedAt: string;
  /** Missing when the item itself could not be read. */
  readonly event?: StoredEvent | undefined;
}

export async function putParked({ client, table }: ReadModelTable, parked: ParkedEntity): Promise<void> {
  const of = { name: parked.projection, generation: parked.generation };
  const Item = { ...parkedKey(of, parked.entityId), parked };
  await whileTransient(ATTEMPTS, () => client.send(new PutCommand({ TableName: table, Item })));
}

export async function removeParked(
  { client, table }: ReadModelTable,
  of: GenerationKey,
  entityId: string,
): Promise<void> {
  const command = new DeleteCommand({ TableName: table, Key: parkedKey(of, entityId) });
  await whileTransient(ATTEMPTS, () => client.send(command));
}

export async function getParked(
  { client, table }: ReadModelTable,
  of: GenerationKey,
  entityId: string,
): Promise<ParkedEntity | undefined> {
  const command = new GetCommand({ TableName: table, Key: parkedKey(of, entityId), ConsistentRead: true });
  const { Item } = await whileTransient(ATTEMPTS, () => client.send(command));
  return Item?.parked as ParkedEntity | undefined;
}

/** Everything that is parked in a projection, all generations, by generation and entity. */
export async function* listParked({ client, table }: ReadModelTable, name: string): AsyncGenerator<ParkedEntity> {
  let start: Record<string, unknown> | undefined;
  do {
    const command = new QueryCommand({
      TableName: table,
      KeyConditionExpression: "#pk = :pk",
      ExpressionAttributeNames: { "#pk": "pk" },
      ExpressionAttributeValues: { ":pk": parkedKey({ name, generation: 0 }, "").pk },
      ConsistentRead: true,
      ...(start ? { ExclusiveStartKey: start } : {}),
    });
    const answer = await whileTransient(ATTEMPTS, () => client.send(command));
    for (const item of answer.Items ?? []) yield item.parked as ParkedEntity;
    start = answer.LastEvaluatedKey;
  } while (start);
}
