import { type Finding, fieldsOf, ofType, type Template, unmet } from "./template.ts";

const isKept = ({ DeletionPolicy, UpdateReplacePolicy }: { DeletionPolicy?: string; UpdateReplacePolicy?: string }) =>
  [
    [DeletionPolicy === "Retain", "its DeletionPolicy is not Retain"],
    [UpdateReplacePolicy === "Retain", "its UpdateReplacePolicy is not Retain"],
  ] as const;

function checkTables(template: Template): Finding[] {
  return ofType(template, "AWS::DynamoDB::Table").flatMap(([name, table, resource]) =>
    unmet(name, [
      ...isKept(resource),
      [String(table.DeletionProtectionEnabled) === "true", "it has no deletion protection"],
      [
        fieldsOf(table.PointInTimeRecoverySpecification).PointInTimeRecoveryEnabled === true,
        "it has no point-in-time recovery",
      ],
      [fieldsOf(table.SSESpecification).SSEEnabled === true, "it is not encrypted with a key of its own"],
    ]),
  );
}

/** Events never expire, and their stream carries them whole. */
function checkEventsTable(template: Template): Finding[] {
  const events = template.Resources.EventsTable?.Properties ?? {};
  const { StreamViewType } = fieldsOf(events.StreamSpecification);
  return unmet("EventsTable", [
    [events.TimeToLiveSpecification === undefined, "its events expire"],
    [StreamViewType === "NEW_IMAGE", "its stream does not carry the new image and nothing else"],
  ]);
}

/** Of our own buckets: the framework's holds what was deployed, and it sees to that one itself. */
function checkBuckets(template: Template): Finding[] {
  const own = ofType(template, "AWS::S3::Bucket").filter(([name]) => name !== "ServerlessDeploymentBucket");
  return own.flatMap(([name, bucket, resource]) => {
    const access = Object.values(fieldsOf(bucket.PublicAccessBlockConfiguration));
    return unmet(name, [
      ...isKept(resource),
      [bucket.BucketEncryption !== undefined, "it is not encrypted"],
      [access.length === 4 && access.every((value) => value === true), "it is not closed to the public"],
    ]);
  });
}

function checkLogs(template: Template): Finding[] {
  return ofType(template, "AWS::Logs::LogGroup").flatMap(([name, { RetentionInDays }]) =>
    unmet(name, [[typeof RetentionInDays === "number", "its logs are kept for ever"]]),
  );
}

/** Data is protected, encrypted and closed; logs end. */
export function checkData(template: Template): Finding[] {
  return [checkTables, checkEventsTable, checkBuckets, checkLogs].flatMap((check) => check(template));
}
