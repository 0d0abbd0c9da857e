import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { REQUEST_ATTEMPTS, whileTransient } from "../event-store/dynamodb/index.ts";
import { withoutUndefined } from "../event-store/index.ts";
import type { SweepPosition, SweepProgress } from "./sweep.ts";

/** Keeps the position of the sweep in the Snapshots table. */
export function dynamoDbSweepProgress(client: DynamoDBDocumentClient, table: string): SweepProgress {
  return {
    async load(aggregateType) {
      const command = new GetCommand({ TableName: table, Key: keyOf(aggregateType), ConsistentRead: true });
      const { Item } = await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
      return Item?.sweep as SweepPosition | undefined;
    },
    async save(aggregateType, position) {
      const sweep = withoutUndefined(position);
      const command = new PutCommand({ TableName: table, Item: { ...keyOf(aggregateType), sweep } });
      await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
    },
  };
}

/** Beside the snapshots, under a key that no snapshot has: version 0. */
const keyOf = (aggregateType: string) => ({ entityId: `sweep#${aggregateType}`, version: 0 });
