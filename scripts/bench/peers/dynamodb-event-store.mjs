export const name = "dynamodb-event-store";
export const packages = { "dynamodb-event-store": "2.2.0", "aws-sdk": "2.1693.0" };
export const appendsMany = true;
export const notes = [
  "dynamodb-event-store: one item a commit, AWS SDK v2. Its query leaves out what follows the first megabyte, so it is asked again until nothing comes.",
];

const TABLE = "DynamodbEventStore-Commits";
const INDEX = "commitsByCommitId";

/** As its `createTable` makes it. */
export const tables = [
  {
    TableName: TABLE,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      { AttributeName: "aggregateId", AttributeType: "S" },
      { AttributeName: "commitId", AttributeType: "S" },
      { AttributeName: "active", AttributeType: "S" },
      { AttributeName: "version", AttributeType: "N" },
    ],
    KeySchema: [
      { AttributeName: "aggregateId", KeyType: "HASH" },
      { AttributeName: "version", KeyType: "RANGE" },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: INDEX,
        KeySchema: [
          { AttributeName: "active", KeyType: "HASH" },
          { AttributeName: "commitId", KeyType: "RANGE" },
        ],
        Projection: { ProjectionType: "ALL" },
      },
    ],
  },
];

export async function open(require, { endpoint, region, credentials }) {
  process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = "1";
  const EventStore = require("dynamodb-event-store");
  const store = new EventStore({ endpoint, region, ...credentials, tableName: TABLE, indexName: INDEX });
  let sent = 0;
  store.database.customizeRequests((request) => request.on("send", () => (sent += 1)));

  /** All commits from a version on. */
  async function commitsOf(aggregateId) {
    const all = [];
    for (;;) {
      const version = all.length === 0 ? 0 : all.at(-1).version + 1;
      const commits = await store.query({ aggregateId, version });
      if (commits.length === 0) return all;
      all.push(...commits);
    }
  }

  return {
    append: (aggregateId, version, events) => store.append({ aggregateId, version, events }),
    load: async (aggregateId) =>
      (await commitsOf(aggregateId)).flatMap(({ events }) => events).reduce((count, { by }) => count + by, 0),
    command: async (aggregateId, payload) => {
      for (;;) {
        const version = ((await commitsOf(aggregateId)).at(-1)?.version ?? -1) + 1;
        try {
          return await store.append({ aggregateId, version, events: [payload] });
        } catch (error) {
          if (!(error instanceof EventStore.VersionConflictError)) throw error;
        }
      }
    },
    takeRequests: () => {
      const taken = sent;
      sent = 0;
      return taken;
    },
  };
}
