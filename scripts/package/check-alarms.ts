import { deadLetterQueues, isStreamMapping } from "./check-failures.ts";
import { type Fields, type Finding, fieldsOf, listOf, ofType, referenceOf, type Template } from "./template.ts";

/** Every metric that an alarm with an action looks at, by what it measures: "Errors ApiLambdaFunction". */
function watched(template: Template): Set<string> {
  const seen = new Set<string>();
  const note = ({ MetricName, Dimensions }: Fields) => {
    for (const { Value } of listOf<Fields>(Dimensions)) {
      const of = typeof Value === "string" ? Value : referenceOf(Value);
      seen.add(`${String(MetricName)} ${of}`);
    }
  };
  for (const [, alarm] of ofType(template, "AWS::CloudWatch::Alarm")) {
    if (listOf(alarm.AlarmActions).length === 0) continue;
    note(alarm);
    for (const { MetricStat } of listOf<Fields>(alarm.Metrics)) note(fieldsOf(fieldsOf(MetricStat).Metric));
  }
  return seen;
}

/** What must be watched, as [metric, logical id or index name]. */
function mustBeWatched(template: Template): [metric: string, of: string][] {
  const functions = ofType(template, "AWS::Lambda::Function").map(([name]) => name);
  const mappings = ofType(template, "AWS::Lambda::EventSourceMapping").filter(([, mapping]) =>
    isStreamMapping(mapping),
  );
  const readers = mappings.flatMap(([, { FunctionName }]) => referenceOf(FunctionName) ?? []);
  const queues = ofType(template, "AWS::SQS::Queue").map(([name]) => name);
  const ends = deadLetterQueues(template);
  const tables = ofType(template, "AWS::DynamoDB::Table");
  const apis = ofType(template, "AWS::ApiGatewayV2::Api");
  return [
    ...functions.flatMap((name): [string, string][] => [
      ["Errors", name],
      ["Throttles", name],
    ]),
    ...readers.flatMap((name): [string, string][] => [
      ["IteratorAge", name],
      ["DestinationDeliveryFailures", name],
    ]),
    ...mappings.map(([name]): [string, string] => ["OnFailureDestinationDeliveredEventCount", name]),
    ...queues.map((name): [string, string] =>
      ends.has(name) ? ["ApproximateNumberOfMessagesVisible", name] : ["ApproximateAgeOfOldestMessage", name],
    ),
    ...tables.map(([name]): [string, string] => ["WriteThrottleEvents", name]),
    ...apis.map(([name]): [string, string] => ["5xx", name]),
    ["ConditionalCheckFailedRequests", "EventsTable"],
    ["ConsumedWriteCapacityUnits", "EventTypeIndex"],
  ];
}

/** Nothing that can go wrong goes wrong in silence. */
export function checkAlarms(template: Template): Finding[] {
  const seen = watched(template);
  return mustBeWatched(template)
    .filter(([metric, of]) => !seen.has(`${metric} ${of}`))
    .map(([metric, resource]) => ({ resource, message: `no alarm looks at its ${metric}` }));
}
