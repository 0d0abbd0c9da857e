import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { systemClock } from "../event-store/defaults.ts";
import { REQUEST_ATTEMPTS, whileTransient } from "../event-store/dynamodb/index.ts";
import { checkFields, type Fields } from "../event-store/index.ts";
import { partitionPart } from "../stream/index.ts";
import type { ConsumerCheckpoints } from "./checkpoints.ts";

export interface DynamoDbCheckpointsOptions {
  /** Milliseconds for which an invocation has an entity to itself: more than a handler takes. Default 60,000. */
  readonly leaseMs?: number;
  /** Default: the system's. */
  readonly clock?: () => Date;
}

const OPTIONS: Fields<DynamoDbCheckpointsOptions> = { leaseMs: true, clock: true };
const DEFAULT_LEASE_MS = 60_000;

/** Keeps it in a DynamoDB table with the key `pk` (S), by conditional writes. */
export function dynamoDbCheckpoints(
  client: DynamoDBDocumentClient,
  table: string,
  consumer: string,
  options: DynamoDbCheckpointsOptions = {},
): Required<ConsumerCheckpoints> {
  checkFields("options", options, OPTIONS);
  const { leaseMs = DEFAULT_LEASE_MS, clock = systemClock } = options;
  const keyOf = (key: string) => ({ pk: `${consumer}#${partitionPart(key)}` });

  /** False when the condition does not hold. */
  async function update(key: string, input: Omit<UpdateCommandInput, "TableName" | "Key">): Promise<boolean> {
    try {
      const command = new UpdateCommand({ TableName: table, Key: keyOf(key), ...input });
      await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  return {
    async last(key) {
      const command = new GetCommand({ TableName: table, Key: keyOf(key), ConsistentRead: true });
      const { Item } = await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
      return Number(Item?.sequenceNumber ?? 0);
    },
    advance: (key, sequenceNumber) =>
      update(key, {
        UpdateExpression: "SET #sequenceNumber = :sequenceNumber",
        ConditionExpression: "attribute_not_exists(#sequenceNumber) OR #sequenceNumber < :sequenceNumber",
        ExpressionAttributeNames: { "#sequenceNumber": "sequenceNumber" },
        ExpressionAttributeValues: { ":sequenceNumber": sequenceNumber },
      }),
    lease: (key, owner) => {
      const now = clock().getTime();
      return update(key, {
        UpdateExpression: "SET #owner = :owner, #leasedUntil = :until",
        ConditionExpression: "attribute_not_exists(#owner) OR #owner = :owner OR #leasedUntil < :now",
        ExpressionAttributeNames: { "#owner": "owner", "#leasedUntil": "leasedUntil" },
        ExpressionAttributeValues: { ":owner": owner, ":until": now + leaseMs, ":now": now },
      });
    },
    async release(key, owner) {
      await update(key, {
        UpdateExpression: "REMOVE #owner, #leasedUntil",
        ConditionExpression: "#owner = :owner",
        ExpressionAttributeNames: { "#owner": "owner", "#leasedUntil": "leasedUntil" },
        ExpressionAttributeValues: { ":owner": owner },
      });
    },
  };
}
