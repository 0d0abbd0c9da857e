import { type Finding, fieldsOf, ofType, type Template, unmet } from "./template.ts";

function checkTables(template: Template): Finding[] {
  return ofType(template, "AWS::DynamoDB::Table").flatMap(([name, table, { DeletionPolicy }]) =>
    unmet(name, [
      [DeletionPolicy === "Retain", "its DeletionPolicy is not Retain"],
      [table.DeletionProtectionEnabled === true, "it has no deletion protection"],
      [
        fieldsOf(table.PointInTimeRecoverySpecification).PointInTimeRecoveryEnabled === true,
        "it has no point-in-time recovery",
      ],
      [fieldsOf(table.SSESpecification).SSEEnabled === true, "it is not encrypted with a key of its own"],
    ]),
  );
}

/** Of our own buckets: the framework's holds what was deployed, and it sees to that one itself. */
function checkBuckets(template: Template): Finding[] {
  const own = ofType(template, "AWS::S3::Bucket").filter(([name]) => name !== "ServerlessDeploymentBucket");
  return own.flatMap(([name, bucket, { DeletionPolicy }]) => {
    const access = Object.values(fieldsOf(bucket.PublicAccessBlockConfiguration));
    return unmet(name, [
      [DeletionPolicy === "Retain", "its DeletionPolicy is not Retain"],
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
  return [checkTables, checkBuckets, checkLogs].flatMap((check) => check(template));
}
