import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  type TableDescription,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";

/**
 * Makes a table with the keys and indexes of each of some tables, for as long as something is done with them. They are
 * billed by the request, have no stream, and are removed whatever happens to the work; only a kill leaves them.
 *
 * @param nameOf the name of the table that is made like another
 */
export async function withTablesLike<T>(
  client: DynamoDBClient,
  tables: readonly string[],
  { nameOf, work }: { readonly nameOf: (table: string) => string; readonly work: () => Promise<T> },
): Promise<T> {
  const made: string[] = [];
  try {
    for (const table of tables) {
      const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
      await client.send(new CreateTableCommand(likeThat(nameOf(table), Table)));
      made.push(nameOf(table));
    }
    await Promise.all(
      made.map((TableName) =>
        waitUntilTableExists({ client, maxWaitTime: 300, minDelay: 0.05, maxDelay: 5 }, { TableName }),
      ),
    );
    return await work();
  } finally {
    await Promise.all(made.map((TableName) => client.send(new DeleteTableCommand({ TableName }))));
  }
}

const likeThat = (
  name: string,
  { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes }: TableDescription = {},
) => ({
  TableName: name,
  BillingMode: "PAY_PER_REQUEST" as const,
  KeySchema,
  AttributeDefinitions,
  ...(GlobalSecondaryIndexes
    ? {
        GlobalSecondaryIndexes: GlobalSecondaryIndexes.map(({ IndexName, KeySchema: keys, Projection }) => ({
          IndexName,
          KeySchema: keys,
          Projection,
        })),
      }
    : {}),
});
