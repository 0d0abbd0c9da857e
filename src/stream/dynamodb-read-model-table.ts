import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

/** The table of the read models, where publisher and projectors also keep how far they are and what is parked. */
export interface ReadModelTable {
  readonly client: DynamoDBDocumentClient;
  readonly name: string;
}

/** An item as the document client gives it. */
export type Item = Record<string, unknown>;
