import { type Fields, type Finding, fieldsOf, listOf, ofType, referenceOf, type Template, unmet } from "./template.ts";

/** Logical ids of the queues that others send their failures to. */
export function deadLetterQueues(template: Template): Set<string> {
  const ofQueues = ofType(template, "AWS::SQS::Queue").map(([, queue]) => {
    const target = referenceOf(fieldsOf(queue.RedrivePolicy).deadLetterTargetArn);
    return target;
  });
  const ofRules = ofType(template, "AWS::Events::Rule")
    .flatMap(([, rule]) => listOf<Fields>(rule.Targets))
    .map(({ DeadLetterConfig }) => referenceOf(fieldsOf(DeadLetterConfig).Arn));
  return new Set([...ofQueues, ...ofRules].filter((name) => name !== undefined));
}

/** A queue has a dead-letter queue, unless it is one, by what sends to it and by its name. */
function checkQueues(template: Template): Finding[] {
  const ends = deadLetterQueues(template);
  return ofType(template, "AWS::SQS::Queue").flatMap(([name, queue]) => {
    const hasOne = fieldsOf(queue.RedrivePolicy).deadLetterTargetArn !== undefined;
    return unmet(name, [[hasOne || (ends.has(name) && name.endsWith("DeadLetters")), "it has no dead-letter queue"]]);
  });
}

export const isStreamMapping = (mapping: Fields): boolean =>
  JSON.stringify(mapping.EventSourceArn).includes("StreamArn");

/** Queues and topics get metadata only, and the stream forgets its records after 24 hours. */
function checkMappings(template: Template): Finding[] {
  const mappings = ofType(template, "AWS::Lambda::EventSourceMapping");
  return mappings.flatMap(([name, mapping]) => {
    const reports = listOf<string>(mapping.FunctionResponseTypes).includes("ReportBatchItemFailures");
    const common = [[reports, "it does not report batch item failures"]] as const;
    if (!isStreamMapping(mapping)) return unmet(name, common);
    const destination = referenceOf(fieldsOf(fieldsOf(mapping.DestinationConfig).OnFailure).Destination);
    const isBucket = destination !== undefined && template.Resources[destination]?.Type === "AWS::S3::Bucket";
    return unmet(name, [
      ...common,
      [destination !== undefined, "it has no on-failure destination"],
      [destination === undefined || isBucket, "its on-failure destination does not keep the records"],
      [Number(mapping.MaximumRetryAttempts ?? -1) >= 0, "it retries without end"],
      [Number(mapping.MaximumRecordAgeInSeconds ?? -1) >= 0, "it takes records of any age"],
      [mapping.BisectBatchOnFunctionError === true, "it does not bisect a batch that failed"],
      [mapping.FilterCriteria !== undefined, "it has no filter"],
    ]);
  });
}

function checkRules(template: Template): Finding[] {
  const rules = ofType(template, "AWS::Events::Rule").filter(([, { EventPattern }]) => EventPattern !== undefined);
  return rules.flatMap(([name, rule]) =>
    listOf<Fields>(rule.Targets).flatMap((target) =>
      unmet(name, [[fieldsOf(target.DeadLetterConfig).Arn !== undefined, "a target has no dead-letter queue"]]),
    ),
  );
}

/** Whatever fails for good is kept somewhere. */
export function checkFailures(template: Template): Finding[] {
  return [checkQueues, checkMappings, checkRules].flatMap((check) => check(template));
}
