import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import { fieldsOf, type Resource } from "./resolved.ts";
import type { TableDefinition } from "./service-definition.ts";

export function readTable(id: string, { Properties = {} }: Resource): TableDefinition {
  const {
    TableName,
    AttributeDefinitions,
    KeySchema,
    GlobalSecondaryIndexes,
    StreamSpecification,
    TimeToLiveSpecification,
  } = Properties;
  const indexes = (GlobalSecondaryIndexes ?? []) as NonNullable<CreateTableCommandInput["GlobalSecondaryIndexes"]>;
  const stream = StreamSpecification ? { StreamEnabled: true, ...fieldsOf(StreamSpecification) } : undefined;
  return {
    logicalId: id,
    name: String(TableName),
    ttlAttribute: fieldsOf(TimeToLiveSpecification).AttributeName as string | undefined,
    create: {
      TableName: String(TableName),
      AttributeDefinitions: AttributeDefinitions as CreateTableCommandInput["AttributeDefinitions"],
      KeySchema: KeySchema as CreateTableCommandInput["KeySchema"],
      BillingMode: "PAY_PER_REQUEST",
      ...(indexes.length > 0
        ? {
            GlobalSecondaryIndexes: indexes.map(({ IndexName, KeySchema: key, Projection }) => ({
              IndexName,
              KeySchema: key,
              Projection,
            })),
          }
        : {}),
      ...(stream ? { StreamSpecification: stream as CreateTableCommandInput["StreamSpecification"] } : {}),
    },
  };
}
