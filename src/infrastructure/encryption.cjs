const { resourcesOf } = require("./resources.cjs");

/** The key that `kmsKeyArn` names, for everything of ours that keeps events: tables, queues, the bucket. */

const OURS = ["tables.yml", "bus.yml", "stream-failures.yml"];

const UNDER_KEY = {
  "AWS::DynamoDB::Table": (key) => ({ SSESpecification: { SSEEnabled: true, SSEType: "KMS", KMSMasterKeyId: key } }),
  "AWS::SQS::Queue": (key) => ({ SqsManagedSseEnabled: false, KmsMasterKeyId: key }),
  "AWS::S3::Bucket": (key) => ({
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [
        { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: key } },
      ],
    },
  }),
};

module.exports = async ({ resolveVariable }) => {
  const key = String(await resolveVariable("param:kmsKeyArn"));
  if (key === "") return {};
  const resources = await Promise.all(OURS.map((file) => resourcesOf(file, resolveVariable)));
  const overlays = resources.flat().flatMap(([id, { Type }]) => {
    const properties = UNDER_KEY[Type];
    return properties ? [[id, { Type, Properties: properties(key) }]] : [];
  });
  return { Resources: Object.fromEntries(overlays) };
};
