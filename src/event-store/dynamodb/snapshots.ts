import { isDeepStrictEqual } from "node:util";
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { CorruptItemError, InvalidArgumentError, UnstorableValueError } from "../errors.ts";
import { type JsonObject, toJsonObject } from "../json.ts";
import type { NewSnapshot, Snapshot, SnapshotOptions, SnapshotQuery } from "../snapshot.ts";
import { checkFields, checkKeyText, checkWholeNumber, type Fields } from "../validate.ts";
import { SNAPSHOT } from "./attributes.ts";
import { snapshotIsMissingOrAnother } from "./conditions.ts";
import type { StoreContext } from "./context.ts";
import { checkItemSize } from "./item-size.ts";
import { whileTransient } from "./retry.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot-codec.ts";

const SIZE_ADVICE = "loading goes on from the events; make the state smaller";

const QUERY: Fields<SnapshotQuery> = { atMost: true, limit: true, consistent: true };
const OPTIONS: Fields<SnapshotOptions> = { stateVersion: true, commands: true, previous: true, eventId: true };

/**
 * A state as JSON, if it comes back as it is: a date, a class or a Map would be something else when it is loaded. A field
 * that is undefined may be missing then.
 *
 * @throws {UnstorableValueError}
 */
function storableState(state: unknown): JsonObject {
  const stored = toJsonObject(state, "snapshotData");
  if (!isDeepStrictEqual(withoutUndefined(state), stored))
    throw new UnstorableValueError("snapshotData", "it is not plain JSON, and would not come back as it is");
  return stored;
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  const isPlain = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) return value;
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(fields.map(([name, item]) => [name, withoutUndefined(item)]));
}

/** Stores the snapshot unless one of the same state version stands at that version. */
export async function putSnapshot(
  context: StoreContext,
  made: NewSnapshot,
  options: SnapshotOptions,
): Promise<boolean> {
  checkKeyText("entityId", made.entityId);
  checkKeyText("aggregateType", made.aggregateType);
  checkWholeNumber("version", made.version, 1);
  checkWholeNumber("eventSequenceNumber", made.eventSequenceNumber, 1);
  checkFields("options", options, OPTIONS);
  const { stateVersion, commands, previous, eventId } = options;
  const { aggregateType, entityId, version, eventSequenceNumber } = made;
  const snapshot: Snapshot = {
    aggregateType,
    entityId,
    version,
    eventSequenceNumber,
    snapshotData: storableState(made.snapshotData),
    snapshotTime: context.clock().toISOString(),
    ...(stateVersion === undefined ? {} : { stateVersion }),
    ...(commands ? { commands } : {}),
    ...(previous ? { previous } : {}),
    ...(eventId === undefined ? {} : { eventId }),
  };
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
  query: SnapshotQuery = {},
): AsyncGenerator<Snapshot> {
  checkKeyText("entityId", entityId);
  checkQuery(query);
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

function checkQuery(query: SnapshotQuery): void {
  checkFields("query", query, QUERY);
  if (query.atMost !== undefined) checkWholeNumber("query.atMost", query.atMost, 0);
  if (query.limit !== undefined) checkWholeNumber("query.limit", query.limit, 1);
}

/** Lets DynamoDB's time to live remove a snapshot some time after `expiresAt`. */
export async function expireSnapshot(
  context: StoreContext,
  entityId: string,
  version: number,
  expiresAt: Date,
): Promise<void> {
  checkKeyText("entityId", entityId);
  checkWholeNumber("version", version, 1);
  if (!(expiresAt instanceof Date) || Number.isNaN(expiresAt.getTime()))
    throw new InvalidArgumentError("expiresAt", expiresAt, "a date");
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
