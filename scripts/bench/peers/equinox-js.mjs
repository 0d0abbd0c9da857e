export const name = "equinox-js";
export const packages = { "@equinox-js/core": "1.2.0", "@equinox-js/dynamo-store": "1.2.0" };
export const appendsMany = true;
export const notes = [
  "equinox-js: a snapshot is written with every append, so its load with a snapshot reads the newest.",
];

const TABLE = "Equinox-Events";
const CATEGORY = "Counter";
/** Events in one page of a query, as its tests have it. */
const MAX_ITEMS = 500;

/** As its tests make it, for events alone; its documentation adds a table stream for its projections. */
export const tables = [
  {
    TableName: TABLE,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      { AttributeName: "p", AttributeType: "S" },
      { AttributeName: "i", AttributeType: "N" },
    ],
    KeySchema: [
      { AttributeName: "p", KeyType: "HASH" },
      { AttributeName: "i", KeyType: "RANGE" },
    ],
  },
];

const initial = { count: 0 };
const fold = (state, events) =>
  events.reduce(({ count }, { type, data }) => (type === "Snapshotted" ? data : { count: count + data.by }), state);

export async function open(require, config, countRequests) {
  const { CachingStrategy, Codec, Decider, LoadOption, MaxResyncsExhaustedException, MemoryCache, StreamId } =
    require("@equinox-js/core");
  const { AccessStrategy, DynamoStoreCategory, DynamoStoreClient, DynamoStoreContext, QueryOptions, TipOptions } =
    require("@equinox-js/dynamo-store");
  const { DynamoDB } = require("@aws-sdk/client-dynamodb");
  const client = new DynamoDB(config);
  const context = new DynamoStoreContext({
    client: new DynamoStoreClient(client),
    tableName: TABLE,
    tip: TipOptions.create({}),
    query: QueryOptions.create({ maxItems: MAX_ITEMS }),
  });
  const codec = Codec.compress(Codec.json());
  const category = (caching, access) =>
    DynamoStoreCategory.create(context, CATEGORY, codec, fold, initial, caching, access);
  const snapshots = AccessStrategy.Snapshot(
    ({ type }) => type === "Snapshotted",
    (data) => ({ type: "Snapshotted", data }),
  );
  const cached = category(CachingStrategy.Cache(new MemoryCache(10_000)), snapshots);
  const cold = category(CachingStrategy.NoCache(), snapshots);
  const coldFromEvents = category(CachingStrategy.NoCache(), AccessStrategy.Unoptimized());
  const deciderOf = (from, entityId) => Decider.forStream(from, StreamId.create(entityId), undefined);
  const eventsOf = (payloads) => () => payloads.map((data) => ({ type: "Added", data }));
  const countOf = (from) => (entityId) => deciderOf(from, entityId).query(({ count }) => count);

  const append = (entityId, version, payloads) => {
    const load = version === 0 ? LoadOption.AssumeEmpty : LoadOption.AnyCachedValue;
    return deciderOf(cached, entityId).transact(eventsOf(payloads), load);
  };

  return {
    append,
    load: countOf(coldFromEvents),
    loadFromSnapshot: countOf(cold),
    appendWithSnapshot: append,
    command: async (entityId, payload) => {
      for (;;) {
        try {
          return await deciderOf(cached, entityId).transact(eventsOf([payload]));
        } catch (error) {
          // It takes a conflict of the transaction that starts a new batch for an error.
          const isConflict =
            error instanceof MaxResyncsExhaustedException || error.name === "TransactionCanceledException";
          if (!isConflict) throw error;
        }
      }
    },
    takeRequests: countRequests(client),
  };
}
