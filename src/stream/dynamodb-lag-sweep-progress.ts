import { GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { REQUEST_ATTEMPTS, whileTransient } from "../event-store/dynamodb/index.ts";
import { withoutUndefined } from "../event-store/index.ts";
import type { ReadModelTable } from "./dynamodb-read-model-table.ts";
import type { LagSweepPosition, LagSweepProgress } from "./lag-sweep.ts";

/** Keeps how far the sweeps of one reader of the stream are, in the table of the read models. */
export function dynamoDbLagSweepProgress({ client, name: table }: ReadModelTable, reader: string): LagSweepProgress {
  const keyOf = (aggregateType: string) => ({ pk: `sweep#${reader}`, sk: aggregateType });
  return {
    async load(aggregateType) {
      const command = new GetCommand({ TableName: table, Key: keyOf(aggregateType), ConsistentRead: true });
      const { Item } = await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
      return Item?.sweep as LagSweepPosition | undefined;
    },
    async save(aggregateType, position) {
      const sweep = withoutUndefined(position);
      const command = new PutCommand({ TableName: table, Item: { ...keyOf(aggregateType), sweep } });
      await whileTransient(REQUEST_ATTEMPTS, () => client.send(command));
    },
  };
}
