export const name = "castore";
export const packages = { "@castore/core": "2.4.2", "@castore/event-storage-adapter-dynamodb": "2.4.2" };
export const appendsMany = true;

const TABLE = "Castore-Events";

export const tables = [
  {
    TableName: TABLE,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      { AttributeName: "aggregateId", AttributeType: "S" },
      { AttributeName: "version", AttributeType: "N" },
      { AttributeName: "eventStoreId", AttributeType: "S" },
      { AttributeName: "timestamp", AttributeType: "S" },
    ],
    KeySchema: [
      { AttributeName: "aggregateId", KeyType: "HASH" },
      { AttributeName: "version", KeyType: "RANGE" },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: "initialEvents",
        KeySchema: [
          { AttributeName: "eventStoreId", KeyType: "HASH" },
          { AttributeName: "timestamp", KeyType: "RANGE" },
        ],
        Projection: { ProjectionType: "KEYS_ONLY" },
      },
    ],
  },
];

export async function open(require, config, countRequests) {
  const { EventStore, EventType } = require("@castore/core");
  const { DynamoDBSingleTableEventStorageAdapter } = require("@castore/event-storage-adapter-dynamodb");
  const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
  const dynamoDBClient = new DynamoDBClient(config);
  const store = new EventStore({
    eventStoreId: "COUNTERS",
    eventTypes: [new EventType({ type: "ADDED" })],
    reducer: ({ count = 0 } = {}, { aggregateId, version, payload }) => ({
      aggregateId,
      version,
      count: count + payload.by,
    }),
    eventStorageAdapter: new DynamoDBSingleTableEventStorageAdapter({ tableName: TABLE, dynamoDBClient }),
  });
  const eventOf = (aggregateId, version, payload) => ({ aggregateId, version, type: "ADDED", payload });

  async function append(entityId, version, payloads) {
    const events = payloads.map((payload, n) => eventOf(entityId, version + n + 1, payload));
    if (events.length === 1) return store.pushEvent(events[0]);
    return EventStore.pushEventGroup(...events.map((event) => store.groupEvent(event)));
  }

  return {
    append,
    load: async (entityId) => (await store.getExistingAggregate(entityId)).aggregate.count,
    command: async (entityId, payload) => {
      for (;;) {
        const { aggregate } = await store.getAggregate(entityId);
        try {
          return await append(entityId, aggregate?.version ?? 0, [payload]);
        } catch (error) {
          if (error.code !== "EventAlreadyExistsError") throw error;
        }
      }
    },
    takeRequests: countRequests(dynamoDBClient),
  };
}
