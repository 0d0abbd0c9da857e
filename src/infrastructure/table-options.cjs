const { resourcesOf } = require("./resources.cjs");

/** Options that say the same of every table and index, made from tables.yml so that none is forgotten. */

const tablesOf = (resolveVariable) => resourcesOf("tables.yml", resolveVariable);
const indexesOf = ({ Properties }) => Properties.GlobalSecondaryIndexes ?? [];
const overlay = (id, properties) => ({ [id]: { Type: "AWS::DynamoDB::Table", Properties: properties } });

/** Names who reads and writes most, and which keys are throttled. */
module.exports.contributorInsights = async ({ resolveVariable }) => {
  const ContributorInsightsSpecification = { Enabled: true };
  const Resources = {};
  for (const [id, table] of await tablesOf(resolveVariable)) {
    const indexes = indexesOf(table).map(() => ({ ContributorInsightsSpecification }));
    const GlobalSecondaryIndexes = indexes.length > 0 ? { GlobalSecondaryIndexes: indexes } : {};
    Object.assign(Resources, overlay(id, { ContributorInsightsSpecification, ...GlobalSecondaryIndexes }));
  }
  return { Resources };
};

/** A target and a policy that keep one dimension of a table or an index at 70% of what is provisioned. */
function scaled(id, index, kind, { minimum, maximum }) {
  const name = `${id}${index ?? ""}${kind}`;
  const dimension = `dynamodb:${index ? "index" : "table"}:${kind}CapacityUnits`;
  return {
    [`${name}Capacity`]: {
      Type: "AWS::ApplicationAutoScaling::ScalableTarget",
      Properties: {
        ServiceNamespace: "dynamodb",
        ResourceId: { "Fn::Sub": `table/\${${id}}${index ? `/index/${index}` : ""}` },
        ScalableDimension: dimension,
        MinCapacity: minimum,
        MaxCapacity: maximum,
      },
    },
    [`${name}Scaling`]: {
      Type: "AWS::ApplicationAutoScaling::ScalingPolicy",
      Properties: {
        PolicyName: name,
        PolicyType: "TargetTrackingScaling",
        ScalingTargetId: { Ref: `${name}Capacity` },
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: 70,
          PredefinedMetricSpecification: { PredefinedMetricType: `DynamoDB${kind}CapacityUtilization` },
        },
      },
    },
  };
}

/** Provisioned capacity that scales between `minCapacity` and `maxCapacity`, tables and indexes alike. */
module.exports.provisioned = async ({ resolveVariable }) => {
  const minimum = Number(await resolveVariable("param:minCapacity"));
  const maximum = Number(await resolveVariable("param:maxCapacity"));
  const ProvisionedThroughput = { ReadCapacityUnits: minimum, WriteCapacityUnits: minimum };
  const Resources = {};
  for (const [id, table] of await tablesOf(resolveVariable)) {
    const indexes = indexesOf(table);
    const GlobalSecondaryIndexes = indexes.map(() => ({ ProvisionedThroughput }));
    Object.assign(
      Resources,
      overlay(id, {
        BillingMode: "PROVISIONED",
        ProvisionedThroughput,
        ...(indexes.length > 0 ? { GlobalSecondaryIndexes } : {}),
      }),
    );
    for (const index of [undefined, ...indexes.map(({ IndexName }) => IndexName)])
      for (const kind of ["Read", "Write"]) Object.assign(Resources, scaled(id, index, kind, { minimum, maximum }));
  }
  return { Resources };
};
