import { deadLetterQueues, isStreamMapping } from "./check-failures.ts";
import { type Fields, type Finding, fieldsOf, listOf, ofType, referenceOf, type Template, unmet } from "./template.ts";

/** A metric with all its dimensions: "AWS/Lambda Errors FunctionName=ApiLambdaFunction". */
type Metric = string;

function metricText({ Namespace, MetricName, Dimensions }: Fields): Metric {
  const dimensions = listOf<Fields>(Dimensions).map(
    ({ Name, Value }) => `${String(Name)}=${typeof Value === "string" ? Value : String(referenceOf(Value))}`,
  );
  return [Namespace, MetricName, ...dimensions.sort()].join(" ");
}

const metric = (namespace: string, name: string, ...dimensions: string[]): Metric =>
  [namespace, name, ...dimensions.sort()].join(" ");

/** What one alarm looks at. */
const watchedBy = (alarm: Fields): Metric[] => [
  ...(alarm.MetricName === undefined ? [] : [metricText(alarm)]),
  ...listOf<Fields>(alarm.Metrics).flatMap(({ MetricStat }) =>
    MetricStat === undefined ? [] : [metricText(fieldsOf(fieldsOf(MetricStat).Metric))],
  ),
];

/** No threshold is higher: a minute of iterator age, in milliseconds. */
const MOST = 60_000;

/** An alarm that cannot ring, or that rings unheard. */
function checkAlarm(name: string, alarm: Fields): Finding[] {
  const isAbove = alarm.ComparisonOperator === "GreaterThanThreshold";
  const isSilence = alarm.ComparisonOperator === "LessThanThreshold" && alarm.TreatMissingData === "breaching";
  return unmet(name, [
    [listOf(alarm.AlarmActions).length > 0 && alarm.ActionsEnabled !== false, "nobody hears it"],
    [isAbove || isSilence, "it does not ring when something is too high, or silent"],
    [Number(alarm.Threshold) <= MOST && alarm.Statistic !== "Minimum", "it waits for more than will ever be"],
    [Number(alarm.DatapointsToAlarm) <= Number(alarm.EvaluationPeriods), "it wants more datapoints than it looks at"],
  ]);
}

/** What must be watched, each with the resource it is about. */
function mustBeWatched(template: Template): [resource: string, metric: Metric][] {
  const names = (type: string) => ofType(template, type).map(([name]) => name);
  const mappings = ofType(template, "AWS::Lambda::EventSourceMapping").filter(([, mapping]) =>
    isStreamMapping(mapping),
  );
  const readers = mappings.flatMap(([, { FunctionName }]) => referenceOf(FunctionName) ?? []);
  const ends = deadLetterQueues(template);
  const ofFunction = (name: string, what: string): [string, Metric] => [
    name,
    metric("AWS/Lambda", what, `FunctionName=${name}`),
  ];
  const ofEvents = (what: string, ...index: string[]): [string, Metric] => [
    index[0] ?? "EventsTable",
    metric("AWS/DynamoDB", what, "TableName=EventsTable", ...index.map((one) => `GlobalSecondaryIndexName=${one}`)),
  ];
  const service = String(template.Resources.Dashboard?.Properties?.DashboardName);
  return [
    ...names("AWS::Lambda::Function").flatMap((name) => [ofFunction(name, "Errors"), ofFunction(name, "Throttles")]),
    ...readers.flatMap((name) => [ofFunction(name, "IteratorAge"), ofFunction(name, "DestinationDeliveryFailures")]),
    ...mappings.map(([name]): [string, Metric] => [
      name,
      metric("AWS/Lambda", "OnFailureDestinationDeliveredEventCount", `EventSourceMappingUUID=${name}`),
    ]),
    ...names("AWS::SQS::Queue").map((name): [string, Metric] => {
      const what = ends.has(name) ? "ApproximateNumberOfMessagesVisible" : "ApproximateAgeOfOldestMessage";
      return [name, metric("AWS/SQS", what, `QueueName=${name}`)];
    }),
    ...names("AWS::DynamoDB::Table").map((name): [string, Metric] => [
      name,
      metric("AWS/DynamoDB", "WriteThrottleEvents", `TableName=${name}`),
    ]),
    ...ofType(template, "AWS::DynamoDB::Table").flatMap(([name, { GlobalSecondaryIndexes = [] }]) =>
      (GlobalSecondaryIndexes as { IndexName: string }[]).map(({ IndexName }): [string, Metric] => [
        IndexName,
        metric("AWS/DynamoDB", "WriteThrottleEvents", `TableName=${name}`, `GlobalSecondaryIndexName=${IndexName}`),
      ]),
    ),
    ofEvents("ConsumedWriteCapacityUnits", "EventTypeIndex"),
    ofEvents("ConditionalCheckFailedRequests"),
    ...names("AWS::ApiGatewayV2::Api").map((name): [string, Metric] => [
      name,
      metric("AWS/ApiGateway", "5xx", `ApiId=${name}`),
    ]),
    ...["ParkedEntities", "OldestWaitingSeconds", "OldestUnpublishedSeconds"].map((what): [string, Metric] => [
      "VitalsLambdaFunction",
      metric("Streamfold", what, `service=${service}`),
    ]),
    ofFunction("VitalsLambdaFunction", "Invocations"),
    ofFunction("SnapshotterLambdaFunction", "DestinationDeliveryFailures"),
    ["SnapshotterLambdaFunction", metric("Streamfold", "SnapshotsFailed", `service=${service}`)],
  ];
}

/** Nothing that can go wrong goes wrong in silence, unless alarms are off: then there is not one, and no topic. */
export function checkAlarms(template: Template): Finding[] {
  const alarms = ofType(template, "AWS::CloudWatch::Alarm");
  if (alarms.length === 0 && ofType(template, "AWS::SNS::Topic").length === 0) return [];
  const seen = new Set(alarms.flatMap(([, alarm]) => watchedBy(alarm)));
  const unwatched = mustBeWatched(template)
    .filter(([, wanted]) => !seen.has(wanted))
    .map(([resource, wanted]) => ({ resource, message: `no alarm looks at ${wanted}` }));
  return [...alarms.flatMap(([name, alarm]) => checkAlarm(name, alarm)), ...unwatched];
}
