import {
  type AttributeValue,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import {
  QueryCommand as DocumentQueryCommand,
  DynamoDBDocumentClient,
  PutCommand,
  TransactWriteCommand,
} from "@aws-sdk/lib-dynamodb";

export type Item = Record<string, unknown>;

/** What the naive store asks of a client. */
export interface NaiveClient {
  /** Fails where an item of this key stands, if `isNew` is said. */
  put(table: string, item: Item, isNew?: boolean): Promise<unknown>;
  putAllNew(table: string, items: readonly Item[]): Promise<unknown>;
  /** Strongly consistent, all pages; newest first and only as many where `newest` is said. */
  query(table: string, key: Key): Promise<Item[]>;
}

export interface Key {
  readonly entityId: string;
  readonly sortKey: "sequenceNumber" | "version";
  /** Inclusive. */
  readonly from?: number;
  readonly newest?: number;
}

const CONDITION = { ConditionExpression: "attribute_not_exists(entityId)" };

function queryOf(table: string, { sortKey, newest }: Key) {
  return {
    TableName: table,
    KeyConditionExpression: "entityId = :entityId AND #sortKey >= :from",
    ExpressionAttributeNames: { "#sortKey": sortKey },
    ConsistentRead: true,
    ...(newest === undefined ? {} : { ScanIndexForward: false, Limit: newest }),
  };
}

/** With the DocumentClient: payloads stand as maps. */
export function mapClient(client: DynamoDBClient): NaiveClient {
  const documents = DynamoDBDocumentClient.from(client);
  return {
    put: (TableName, item, isNew = false) =>
      documents.send(new PutCommand({ TableName, Item: item, ...(isNew ? CONDITION : {}) })),
    putAllNew: (TableName, items) =>
      documents.send(
        new TransactWriteCommand({ TransactItems: items.map((Item) => ({ Put: { TableName, Item, ...CONDITION } })) }),
      ),
    query: async (table, key) => {
      const values = { ":entityId": key.entityId, ":from": key.from ?? 0 };
      const input = { ...queryOf(table, key), ExpressionAttributeValues: values };
      return allPages(key, (ExclusiveStartKey: Item | undefined) =>
        documents.send(new DocumentQueryCommand({ ...input, ...(ExclusiveStartKey ? { ExclusiveStartKey } : {}) })),
      );
    },
  };
}

type Attributes = Record<string, AttributeValue>;

/** With the bare client: payloads stand as JSON. */
export function jsonClient(client: DynamoDBClient): NaiveClient {
  return {
    put: (TableName, item, isNew = false) =>
      client.send(new PutItemCommand({ TableName, Item: attributesOf(item), ...(isNew ? CONDITION : {}) })),
    putAllNew: (TableName, items) =>
      client.send(
        new TransactWriteItemsCommand({
          TransactItems: items.map((item) => ({ Put: { TableName, Item: attributesOf(item), ...CONDITION } })),
        }),
      ),
    query: async (table, key) => {
      const values = { ":entityId": { S: key.entityId }, ":from": { N: String(key.from ?? 0) } };
      const input = { ...queryOf(table, key), ExpressionAttributeValues: values };
      const items = await allPages(key, (ExclusiveStartKey: Attributes | undefined) =>
        client.send(new QueryCommand({ ...input, ...(ExclusiveStartKey ? { ExclusiveStartKey } : {}) })),
      );
      return items.map(itemOf);
    },
  };
}

interface Page<T> {
  readonly Items?: T[] | undefined;
  readonly LastEvaluatedKey?: T | undefined;
}

async function allPages<T>({ newest }: Key, ask: (start: T | undefined) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let start: T | undefined;
  do {
    const page = await ask(start);
    items.push(...(page.Items ?? []));
    start = newest === undefined ? page.LastEvaluatedKey : undefined;
  } while (start);
  return items;
}

/** Numbers and text as they are, anything else as JSON. */
const attributesOf = (item: Item): Attributes =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, attributeOf(value)]));

function attributeOf(value: unknown): AttributeValue {
  if (typeof value === "number") return { N: String(value) };
  return { S: typeof value === "string" ? value : JSON.stringify(value) };
}

const JSON_FIELDS = new Set(["eventData", "snapshotData"]);

const itemOf = (attributes: Attributes): Item =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { S, N }]) => {
      if (N !== undefined) return [name, Number(N)];
      return [name, JSON_FIELDS.has(name) ? JSON.parse(S ?? "null") : S];
    }),
  );
