import { change, type Row } from "./plant.ts";

export const DATA: readonly Row[] = [
  [
    "a table that goes with its stack",
    ({ EventsTable }) => delete EventsTable.DeletionPolicy,
    ["EventsTable: its DeletionPolicy is not Retain"],
  ],
  [
    "a table that goes when it is replaced",
    ({ EventsTable }) => delete EventsTable.UpdateReplacePolicy,
    ["EventsTable: its UpdateReplacePolicy is not Retain"],
  ],
  [
    "a table without protection",
    change("SnapshotsTable", { DeletionProtectionEnabled: false }),
    ["SnapshotsTable: it has no deletion protection"],
  ],
  [
    "a table without recovery",
    change("ReadModelsTable", { PointInTimeRecoverySpecification: {} }),
    ["ReadModelsTable: it has no point-in-time recovery"],
  ],
  [
    "a table without encryption",
    change("EventsTable", { SSESpecification: { SSEEnabled: false } }),
    ["EventsTable: it is not encrypted with a key of its own"],
  ],
  [
    "events that expire",
    change("EventsTable", { TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true } }),
    ["EventsTable: its events expire"],
  ],
  [
    "a stream of keys",
    change("EventsTable", { StreamSpecification: { StreamViewType: "KEYS_ONLY" } }),
    ["EventsTable: its stream does not carry the new image and nothing else"],
  ],
  [
    "a bucket open to the public",
    ({ StreamFailuresBucket: { Properties } }) => {
      Properties.PublicAccessBlockConfiguration.BlockPublicPolicy = false;
    },
    ["StreamFailuresBucket: it is not closed to the public"],
  ],
  [
    "a bucket without encryption",
    change("StreamFailuresBucket", { BucketEncryption: undefined }),
    ["StreamFailuresBucket: it is not encrypted"],
  ],
  [
    "logs for ever",
    ({ ApiLogGroup }) => delete ApiLogGroup.Properties.RetentionInDays,
    ["ApiLogGroup: its logs are kept for ever"],
  ],
];
