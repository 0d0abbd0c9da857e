import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

/** Where all read models stand. */
export interface ReadModelTable {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
}
