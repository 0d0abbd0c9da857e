import { readQueueMapping, readStream } from "./read-mappings.ts";
import { readFunctionRule, readRule } from "./read-rules.ts";
import { readTable } from "./read-tables.ts";
import { type Fields, fieldsOf, logicalId, numberOr, type Resource } from "./resolved.ts";
import type { QueueDefinition, ServerlessService, ServiceDefinition } from "./service-definition.ts";

/** Reads tables, mappings, queues, bus and rules out of the service as the framework has resolved it. */
export function readServiceDefinition({
  service,
  provider,
  functions,
  resources,
}: ServerlessService): ServiceDefinition {
  const all = Object.entries(resources?.Resources ?? {});
  const ofType = (type: string) => all.filter(([, resource]) => resource.Type === type);
  const events = Object.entries(functions).flatMap(([functionKey, definition]) =>
    (definition.events ?? []).map((event, index) => ({ functionKey, event, index })),
  );
  const buses = ofType("AWS::Events::EventBus").map(([id, { Properties }]) => ({
    logicalId: id,
    name: String(Properties?.Name ?? id),
  }));
  const busNames = new Map(buses.map(({ logicalId: id, name }) => [id, name]));
  return {
    service,
    region: provider.region ?? "us-east-1",
    tables: ofType("AWS::DynamoDB::Table").map(([id, resource]) => readTable(id, resource)),
    streams: events.flatMap(({ functionKey, event }) =>
      event.stream ? [readStream(functionKey, fieldsOf(event.stream), resources?.extensions ?? {})] : [],
    ),
    queues: ofType("AWS::SQS::Queue").map(([id, resource]) => readQueue(id, resource)),
    buckets: ofType("AWS::S3::Bucket").map(([id]) => id),
    queueMappings: events.flatMap(({ functionKey, event }) =>
      event.sqs ? [readQueueMapping(functionKey, event.sqs)] : [],
    ),
    buses,
    rules: [
      ...events.map(({ functionKey, event, index }) =>
        readFunctionRule(functionKey, index, { event: fieldsOf(event.eventBridge), buses: busNames }),
      ),
      ...ofType("AWS::Events::Rule").map(([id, resource]) => readRule(id, resource, busNames)),
    ].filter((rule) => rule !== undefined),
    environment: textsOf(provider.environment ?? {}),
  };
}

function readQueue(id: string, { Properties = {} }: Resource): QueueDefinition {
  const { deadLetterTargetArn, maxReceiveCount } = fieldsOf(Properties.RedrivePolicy);
  const target = logicalId(deadLetterTargetArn);
  return {
    logicalId: id,
    name: String(Properties.QueueName ?? id),
    visibilitySeconds: numberOr(Properties.VisibilityTimeout, 30),
    deadLetter: target === undefined ? undefined : { queue: target, maxReceiveCount: numberOr(maxReceiveCount, 10) },
  };
}

function textsOf(environment: Fields): Record<string, string> {
  const texts = Object.entries(environment).filter(([, value]) => typeof value !== "object");
  return Object.fromEntries(texts.map(([name, value]) => [name, String(value)]));
}
