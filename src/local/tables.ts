import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  type TableDescription,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import type { TableDefinition } from "./service-definition.ts";

/** Creates what is missing. Answers with the stream of each table, by its logical id. */
export async function createTables(
  client: DynamoDBClient,
  tables: readonly TableDefinition[],
): Promise<Map<string, { readonly name: string; readonly streamArn: string | undefined }>> {
  const made = new Map<string, { name: string; streamArn: string | undefined }>();
  for (const { logicalId, name, create, ttlAttribute } of tables) {
    const existing = await describe(client, name);
    if (existing) checkKeys(existing, create);
    else {
      await client.send(new CreateTableCommand(create));
      if (ttlAttribute !== undefined) {
        const TimeToLiveSpecification = { AttributeName: ttlAttribute, Enabled: true };
        await client.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification }));
      }
    }
    made.set(logicalId, { name, streamArn: await waitUntilActive(client, name) });
  }
  return made;
}

/** A table of an earlier run may have been made with other keys (`indexShards`). */
function checkKeys(existing: TableDescription, create: CreateTableCommandInput): void {
  if (keysOf(existing as Keys) !== keysOf(create as Keys))
    throw new Error(
      `table ${create.TableName} was made with other index keys than serverless.yml has now; start with the parameters it was made with (indexShards), or with --fresh`,
    );
}

type Keys = {
  readonly GlobalSecondaryIndexes?: readonly { readonly IndexName?: string; readonly KeySchema?: readonly object[] }[];
};

const keysOf = ({ GlobalSecondaryIndexes = [] }: Keys): string =>
  GlobalSecondaryIndexes.map(({ IndexName, KeySchema }) => `${IndexName} ${JSON.stringify(KeySchema)}`)
    .sort()
    .join(", ");

async function waitUntilActive(client: DynamoDBClient, name: string): Promise<string | undefined> {
  for (let look = 0; look < 200; look += 1) {
    const table = await describe(client, name);
    if (table?.TableStatus === "ACTIVE") return table.LatestStreamArn;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`table ${name} did not become active`);
}

async function describe(client: DynamoDBClient, name: string) {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: name }))).Table;
  } catch (error) {
    if (isNamed(error, "ResourceNotFoundException")) return undefined;
    throw error;
  }
}

const isNamed = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;
