export const name = "event-store-adapter-js";
export const packages = { "event-store-adapter-js": "2.2.94" };
export const appendsMany = false;
export const notes = [
  "event-store-adapter-js: each append writes its snapshot item as well; its reads are not consistent. Its query leaves out what follows the first megabyte, so it is asked again until nothing comes.",
];

const JOURNAL = "EventStoreAdapter-Journal";
const SNAPSHOTS = "EventStoreAdapter-Snapshots";
const JOURNAL_INDEX = "journal-aid-index";
const SNAPSHOTS_INDEX = "snapshots-aid-index";
const SHARDS = 32;

/** As its docs/DATABASE_SCHEMA.md and its tests make them. */
const table = (TableName, IndexName) => ({
  TableName,
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [
    { AttributeName: "pkey", AttributeType: "S" },
    { AttributeName: "skey", AttributeType: "S" },
    { AttributeName: "aid", AttributeType: "S" },
    { AttributeName: "seq_nr", AttributeType: "N" },
  ],
  KeySchema: [
    { AttributeName: "pkey", KeyType: "HASH" },
    { AttributeName: "skey", KeyType: "RANGE" },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName,
      KeySchema: [
        { AttributeName: "aid", KeyType: "HASH" },
        { AttributeName: "seq_nr", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "ALL" },
    },
  ],
});
export const tables = [table(JOURNAL, JOURNAL_INDEX), table(SNAPSHOTS, SNAPSHOTS_INDEX)];

const idOf = (value) => ({ typeName: "counter", value, asString: () => `counter-${value}` });

class Counter {
  typeName = "Counter";
  constructor(value, sequenceNumber, version, count) {
    Object.assign(this, { id: idOf(value), sequenceNumber, version, count });
  }
  withVersion(version) {
    return new Counter(this.id.value, this.sequenceNumber, version, this.count);
  }
  updateVersion(update) {
    return this.withVersion(update(this.version));
  }
  add({ sequenceNumber, payload }) {
    return new Counter(this.id.value, sequenceNumber, this.version, this.count + payload.by);
  }
}

const eventOf = (value, sequenceNumber, payload) => ({
  typeName: "Added",
  id: payload.id,
  aggregateId: idOf(value),
  sequenceNumber,
  occurredAt: new Date(),
  isCreated: sequenceNumber === 1,
  payload,
});

export async function open(require, config, countRequests) {
  const { EventStoreFactory, OptimisticLockError } = require("event-store-adapter-js");
  const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
  const client = new DynamoDBClient(config);
  const store = EventStoreFactory.ofDynamoDB(
    client,
    JOURNAL,
    SNAPSHOTS,
    JOURNAL_INDEX,
    SNAPSHOTS_INDEX,
    SHARDS,
    ({ data }) => data,
    ({ data }) => new Counter(data.id.value, data.sequenceNumber, data.version, data.count),
  );

  async function append(entityId, version, [payload]) {
    const event = eventOf(entityId, version + 1, payload);
    if (event.isCreated) return store.persistEventAndSnapshot(event, new Counter(entityId, 1, 1, payload.by));
    return store.persistEvent(event, version);
  }

  /** The state with the events after it. */
  async function replay(from) {
    let state = from;
    for (;;) {
      const events = await store.getEventsByIdSinceSequenceNumber(state.id, state.sequenceNumber + 1);
      if (events.length === 0) return state;
      state = events.reduce((next, event) => next.add(event), state);
    }
  }

  async function find(entityId) {
    const snapshot = await store.getLatestSnapshotById(idOf(entityId));
    return snapshot && replay(snapshot);
  }

  return {
    append,
    load: async (entityId) => (await replay(new Counter(entityId, 0, 0, 0))).count,
    loadFromSnapshot: async (entityId) => (await find(entityId)).count,
    appendWithSnapshot: (entityId, version, [payload], count) =>
      store.persistEventAndSnapshot(
        eventOf(entityId, version + 1, payload),
        new Counter(entityId, version + 1, version, count),
      ),
    command: async (entityId, payload) => {
      for (;;) {
        const state = await find(entityId);
        try {
          return await append(entityId, state?.version ?? 0, [payload]);
        } catch (error) {
          if (!(error instanceof OptimisticLockError)) throw error;
        }
      }
    },
    takeRequests: countRequests(client),
  };
}
