import {
  type AttributeValue,
  ConditionalCheckFailedException,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { CorruptItemError } from "../errors.ts";
import { checkExpiry, checkSnapshotQuery, prepareSnapshot } from "../prepare-snapshot.ts";
import type { NewSnapshot, Snapshot, SnapshotOptions, SnapshotQuery } from "../snapshot.ts";
import { SNAPSHOT } from "./attributes.ts";
import { snapshotIsMissingOrAnother } from "./conditions.ts";
import type { StoreContext } from "./context.ts";
import { checkItemSize } from "./item-size.ts";
import { whileTransient } from "./retry.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot-codec.ts";

const SIZE_ADVICE = "loading goes on from the events; make the state smaller";

/** Stores the snapshot unless the same one stands at that version. */
export async function putSnapshot(
  context: StoreContext,
  made: NewSnapshot,
  options: SnapshotOptions,
): Promise<boolean> {
  const snapshot = prepareSnapshot(made, options, context.clock);
  const item = encodeSnapshot(snapshot, context.encoding);
  checkItemSize(item, `the snapshot of ${made.entityId} at ${made.version}`, SIZE_ADVICE);
  const command = new PutItemCommand({
    TableName: context.snapshotTable,
    Item: item,
    ...snapshotIsMissingOrAnother(item[SNAPSHOT.dataHash]?.S ?? ""),
  });
  try {
    await whileTransient(context.requestAttempts, () => context.client.send(command));
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** Snapshots from the highest version down. What cannot be read is passed over: a snapshot is never the truth. */
export async function* readSnapshots(
  context: StoreContext,
  entityId: string,
  query: SnapshotQuery,
): AsyncGenerator<Snapshot> {
  checkSnapshotQuery(entityId, query);
  const { atMost, limit = 4, consistent = true } = query;
  let start: Record<string, AttributeValue> | undefined;
  do {
    const command = new QueryCommand({
      TableName: context.snapshotTable,
      KeyConditionExpression: "#entityId = :entityId AND #version <= :atMost",
      ExpressionAttributeNames: { "#entityId": SNAPSHOT.entityId, "#version": SNAPSHOT.version },
      ExpressionAttributeValues: {
        ":entityId": { S: entityId },
        ":atMost": { N: String(atMost ?? Number.MAX_SAFE_INTEGER) },
      },
      ScanIndexForward: false,
      ConsistentRead: consistent,
      Limit: limit,
      ...(start ? { ExclusiveStartKey: start } : {}),
    });
    const answer = await whileTransient(context.requestAttempts, () => context.client.send(command));
    for (const item of answer.Items ?? []) {
      try {
        yield decodeSnapshot(item);
      } catch (error) {
        if (!(error instanceof CorruptItemError)) throw error;
      }
    }
    start = answer.LastEvaluatedKey;
  } while (start);
}

/** Lets DynamoDB's time to live remove a snapshot some time after `expiresAt`. */
export async function expireSnapshot(
  context: StoreContext,
  entityId: string,
  { version, expiresAt }: { readonly version: number; readonly expiresAt: Date },
): Promise<void> {
  checkExpiry(entityId, version, expiresAt);
  const command = new UpdateItemCommand({
    TableName: context.snapshotTable,
    Key: { [SNAPSHOT.entityId]: { S: entityId }, [SNAPSHOT.version]: { N: String(version) } },
    UpdateExpression: "SET #expiresAt = :expiresAt",
    ConditionExpression: "attribute_exists(#entityId)",
    ExpressionAttributeNames: { "#expiresAt": SNAPSHOT.expiresAt, "#entityId": SNAPSHOT.entityId },
    ExpressionAttributeValues: { ":expiresAt": { N: String(Math.ceil(expiresAt.getTime() / 1000)) } },
  });
  try {
    await whileTransient(context.requestAttempts, () => context.client.send(command));
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}
