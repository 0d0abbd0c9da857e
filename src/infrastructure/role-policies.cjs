/** What parameters add to the rights of every function, beside those that stand with its handler. */

const ROLES = ["ApiRole", "ProjectorRole", "PublisherRole", "BusProjectorRole", "SnapshotterRole", "VitalsRole"];

/** X-Ray knows no resources. A function is refused that traces without the right. */
const TRACING = {
  Effect: "Allow",
  Action: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
  Resource: "*",
};

/**
 * A table, its stream, a bucket or a queue under a key of one's own takes the caller's right to that key
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html), and here only through
 * those services.
 */
const keyRights = (arn) => ({
  Effect: "Allow",
  Action: [
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
  ],
  Resource: arn,
  Condition: {
    StringEquals: {
      "kms:ViaService": ["dynamodb", "s3", "sqs"].map((service) => ({
        "Fn::Sub": `${service}.\${AWS::Region}.\${AWS::URLSuffix}`,
      })),
    },
  },
});

const policy = (PolicyName, statement) => ({
  PolicyName,
  PolicyDocument: { Version: "2012-10-17", Statement: [statement] },
});

module.exports = async ({ resolveVariable }) => {
  const key = String(await resolveVariable("param:kmsKeyArn"));
  const more = [
    ...(String(await resolveVariable("param:tracing")) === "on" ? [policy("tracing", TRACING)] : []),
    ...(key === "" ? [] : [policy("key", keyRights(key))]),
  ];
  if (more.length === 0) return {};
  const isOperated = String(await resolveVariable("param:operations")) === "on";
  const roles = isOperated ? [...ROLES, "OperationsRole"] : ROLES;
  // The framework merges lists by place: the first is the policy of the role's own file.
  const role = { Type: "AWS::IAM::Role", Properties: { Policies: [{}, ...more] } };
  return { Resources: Object.fromEntries(roles.map((name) => [name, role])) };
};
