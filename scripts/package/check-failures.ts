import { type Fields, type Finding, fieldsOf, listOf, ofType, referenceOf, type Template, unmet } from "./template.ts";

const onFailure = (config: unknown): string | undefined =>
  referenceOf(fieldsOf(fieldsOf(config).OnFailure).Destination);

/** Logical ids of the queues that others send their failures to. */
export function deadLetterQueues(template: Template): Set<string> {
  const ofQueues = ofType(template, "AWS::SQS::Queue").map(([, { RedrivePolicy }]) =>
    referenceOf(fieldsOf(RedrivePolicy).deadLetterTargetArn),
  );
  const ofRules = ofType(template, "AWS::Events::Rule")
    .flatMap(([, { Targets }]) => listOf<Fields>(Targets))
    .map(({ DeadLetterConfig }) => referenceOf(fieldsOf(DeadLetterConfig).Arn));
  const ofFunctions = ofType(template, "AWS::Lambda::EventInvokeConfig").map(([, { DestinationConfig }]) =>
    onFailure(DestinationConfig),
  );
  return new Set([...ofQueues, ...ofRules, ...ofFunctions].filter((name) => name !== undefined));
}

/** A queue has a dead-letter queue, unless it is one, by what sends to it and by its name. */
function checkQueues(template: Template): Finding[] {
  const ends = deadLetterQueues(template);
  return ofType(template, "AWS::SQS::Queue").flatMap(([name, { RedrivePolicy }]) => {
    const hasOne = fieldsOf(RedrivePolicy).deadLetterTargetArn !== undefined;
    return unmet(name, [[hasOne || (ends.has(name) && name.endsWith("DeadLetters")), "it has no dead-letter queue"]]);
  });
}

export const isStreamMapping = (mapping: Fields): boolean =>
  JSON.stringify(mapping.EventSourceArn).includes("StreamArn");

/** Seconds after which the table stream forgets a record. */
const STREAM_RETENTION = 86_400;
const INSERTS_ONLY = '{"eventName":["INSERT"]}';

/** Queues and topics get metadata only, and the stream forgets its records after 24 hours. */
function checkMappings(template: Template): Finding[] {
  return ofType(template, "AWS::Lambda::EventSourceMapping").flatMap(([name, mapping]) => {
    const reports = listOf<string>(mapping.FunctionResponseTypes).includes("ReportBatchItemFailures");
    const common = [
      [reports, "it does not report batch item failures"],
      [mapping.Enabled !== false, "it is not enabled"],
    ] as const;
    if (!isStreamMapping(mapping)) return unmet(name, common);
    const destination = onFailure(mapping.DestinationConfig);
    const isBucket = destination !== undefined && template.Resources[destination]?.Type === "AWS::S3::Bucket";
    const age = Number(mapping.MaximumRecordAgeInSeconds ?? -1);
    const patterns = listOf<Fields>(fieldsOf(mapping.FilterCriteria).Filters).map(({ Pattern }) => Pattern);
    const metrics = listOf<string>(fieldsOf(mapping.MetricsConfig).Metrics);
    return unmet(name, [
      ...common,
      [destination !== undefined, "it has no on-failure destination"],
      [destination === undefined || isBucket, "its on-failure destination does not keep the records"],
      [Number(mapping.MaximumRetryAttempts ?? -1) >= 0, "it retries without end"],
      [age > 0 && age < STREAM_RETENTION, "it retries until the stream has forgotten the record"],
      [mapping.BisectBatchOnFunctionError === true, "it does not bisect a batch that failed"],
      [patterns.length === 1 && patterns[0] === INSERTS_ONLY, "it does not take inserts and nothing else"],
      [metrics.includes("EventCount"), "it does not count what it gives up"],
    ]);
  });
}

const isFunction = (template: Template, name: string | undefined): name is string =>
  name !== undefined && template.Resources[name]?.Type === "AWS::Lambda::Function";

/** Functions that lose nothing when they fail: the next run does the same again. */
const REPEATED = new Set([
  "VitalsLambdaFunction",
  "ProjectorLambdaFunction",
  "PublisherLambdaFunction",
  "BusDashprojectorLambdaFunction",
]);

/** A rule calls a function asynchronously: its dead-letter queue gets what was not delivered, not what the function failed on. */
function checkRules(template: Template): Finding[] {
  const kept = new Map(
    ofType(template, "AWS::Lambda::EventInvokeConfig").map(([, { FunctionName, DestinationConfig }]) => [
      referenceOf(FunctionName),
      onFailure(DestinationConfig),
    ]),
  );
  return ofType(template, "AWS::Events::Rule").flatMap(([name, { EventPattern, Targets }]) =>
    listOf<Fields>(Targets).flatMap(({ Arn, DeadLetterConfig }) => {
      const target = referenceOf(Arn);
      const isKept = !isFunction(template, target) || REPEATED.has(target) || kept.get(target) !== undefined;
      return [
        ...unmet(name, [
          [
            EventPattern === undefined || fieldsOf(DeadLetterConfig).Arn !== undefined,
            "a target has no dead-letter queue",
          ],
        ]),
        ...unmet(target ?? name, [[isKept, "nobody keeps what it fails on when it is called by a rule"]]),
      ];
    }),
  );
}

/** Queues that rules send to let the bus in. */
function checkQueuePolicies(template: Template): Finding[] {
  const open = new Set(
    ofType(template, "AWS::SQS::QueuePolicy").flatMap(([, { Queues }]) => listOf(Queues).map(referenceOf)),
  );
  const targets = ofType(template, "AWS::Events::Rule").flatMap(([, { Targets }]) =>
    listOf<Fields>(Targets).flatMap(({ Arn, DeadLetterConfig }) => [
      referenceOf(Arn),
      referenceOf(fieldsOf(DeadLetterConfig).Arn),
    ]),
  );
  const queues = new Set(
    targets.filter((name) => name !== undefined && template.Resources[name]?.Type === "AWS::SQS::Queue"),
  );
  return [...queues].flatMap((name) => unmet(String(name), [[open.has(name), "the bus may not send to it"]]));
}

/** Whatever fails for good is kept somewhere. */
export function checkFailures(template: Template): Finding[] {
  return [checkQueues, checkMappings, checkRules, checkQueuePolicies].flatMap((check) => check(template));
}
