import {
  DeleteItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import { DescribeStreamCommand, DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { EVENT_TYPE_INDEX, USER_ACTION_INDEX } from "../../event-store/dynamodb/attributes.ts";
import { asError } from "../../event-store/index.ts";
import type { Connection } from "../connect.ts";
import { type Check, type Finding, fail, ok } from "./finding.ts";

/**
 * What the caller may do, by doing it where it does no harm: reads of one item, and writes under a condition that no item
 * can meet. PutEvents has no harmless form, and is not tried.
 */
export const checkRights: Check = async ({ connection }) => {
  const streams = new DynamoDBStreamsClient(connection.clientConfig);
  try {
    return await Promise.all(
      rightsOf(connection, streams).map(async ([right, where, act]) =>
        findingOf(`${right} on ${where}`, await act().catch(asError)),
      ),
    );
  } finally {
    streams.destroy();
  }
};

type Right = readonly [right: string, where: string, act: () => Promise<unknown>];

function rightsOf({ client, names, stage }: Connection, streams: DynamoDBStreamsClient): Right[] {
  const { events, snapshots, readModels } = names;
  const eventKey = { entityId: { S: NOBODY }, sequenceNumber: { N: "1" } };
  const snapshotKey = { entityId: { S: NOBODY }, version: { N: "1" } };
  const rowKey = { pk: { S: NOBODY }, sk: { S: NOBODY } };
  const query = (TableName: string, key: string, IndexName?: string) => () =>
    client.send(
      new QueryCommand({
        TableName,
        ...(IndexName === undefined ? {} : { IndexName }),
        KeyConditionExpression: "#key = :key",
        ExpressionAttributeNames: { "#key": key },
        ExpressionAttributeValues: { ":key": { S: NOBODY } },
        Limit: 1,
      }),
    );
  const impossible = (key: string) => ({
    ConditionExpression: "attribute_exists(#key)",
    ExpressionAttributeNames: { "#key": key },
  });
  const put = (TableName: string, Item: typeof eventKey | typeof snapshotKey | typeof rowKey) => () =>
    client.send(new PutItemCommand({ TableName, Item, ...impossible(Object.keys(Item)[0] ?? "") }));
  const shard = stage.indexShards > 1 ? "Shard" : "";
  return [
    ["Query", events, query(events, "entityId")],
    ["Query", `${events}/${EVENT_TYPE_INDEX}`, query(events, `aggregateType${shard}`, EVENT_TYPE_INDEX)],
    ["Query", `${events}/${USER_ACTION_INDEX}`, query(events, `userId${shard}`, USER_ACTION_INDEX)],
    ["Scan", events, () => client.send(new ScanCommand({ TableName: events, Limit: 1 }))],
    ["PutItem", events, put(events, eventKey)],
    ["DescribeStream", events, () => describeStream(client, streams, events)],
    ["Query", snapshots, query(snapshots, "entityId")],
    ["PutItem", snapshots, put(snapshots, snapshotKey)],
    ["GetItem", readModels, () => client.send(new GetItemCommand({ TableName: readModels, Key: rowKey }))],
    ["Query", readModels, query(readModels, "pk")],
    ["Scan", readModels, () => client.send(new ScanCommand({ TableName: readModels, Limit: 1 }))],
    ["PutItem", readModels, put(readModels, rowKey)],
    [
      "DeleteItem",
      readModels,
      () => client.send(new DeleteItemCommand({ TableName: readModels, Key: rowKey, ...impossible("pk") })),
    ],
  ];
}

/** No entity has this id: ids are well-formed text without control characters in every service that was seen. */
const NOBODY = "\u0001streamfold-doctor";

async function describeStream(
  client: Connection["client"],
  streams: DynamoDBStreamsClient,
  TableName: string,
): Promise<unknown> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  return streams.send(new DescribeStreamCommand({ StreamArn: Table?.LatestStreamArn, Limit: 1 }));
}

/** A condition that was not met is a right that is there. */
function findingOf(check: string, answer: unknown): Finding {
  if (!(answer instanceof Error) || answer.name === "ConditionalCheckFailedException") return ok(check, "granted");
  return fail(check, answer.message || answer.name);
}
