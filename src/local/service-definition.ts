import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import { readQueueMapping, readStream } from "./read-mappings.ts";
import { readFunctionRule, readRule } from "./read-rules.ts";
import { readTable } from "./read-tables.ts";
import { type Fields, fieldsOf, logicalId, numberOr, type Resource } from "./resolved.ts";

/** What the framework makes of serverless.yml, as far as it is read here. */
export interface ServerlessService {
  readonly service: string;
  readonly provider: { readonly region?: string; readonly environment?: Readonly<Record<string, unknown>> };
  readonly functions: Readonly<
    Record<string, { readonly handler: string; readonly events?: readonly Record<string, unknown>[] }>
  >;
  readonly resources?:
    | {
        readonly Resources?: Readonly<Record<string, Resource>>;
        /** Properties that replace what the framework generates. */
        readonly extensions?: Readonly<Record<string, Pick<Resource, "Properties">>>;
      }
    | undefined;
}

export interface TableDefinition {
  readonly logicalId: string;
  readonly name: string;
  readonly create: CreateTableCommandInput;
  readonly ttlAttribute: string | undefined;
}

/** An event source mapping from a table stream, with Lambda's defaults filled in. */
export interface StreamMapping {
  readonly functionKey: string;
  /** Logical id of the table. */
  readonly table: string;
  readonly batchSize: number;
  readonly batchWindowSeconds: number;
  readonly startingPosition: "TRIM_HORIZON" | "LATEST";
  readonly reportsBatchItemFailures: boolean;
  readonly bisects: boolean;
  /** -1: without end. */
  readonly maxRetries: number;
  /** -1: without end. */
  readonly maxAgeSeconds: number;
  /** Logical id of the bucket or queue that takes a batch that was given up. */
  readonly onFailure: string | undefined;
  readonly filterPatterns: readonly object[];
  readonly isEnabled: boolean;
}

export interface QueueDefinition {
  readonly logicalId: string;
  readonly name: string;
  readonly visibilitySeconds: number;
  readonly deadLetter: { readonly queue: string; readonly maxReceiveCount: number } | undefined;
}

export interface QueueMapping {
  readonly functionKey: string;
  readonly queue: string;
  readonly batchSize: number;
  readonly batchWindowSeconds: number;
  readonly reportsBatchItemFailures: boolean;
  readonly isEnabled: boolean;
}

export interface RuleTarget {
  readonly kind: "function" | "queue" | "url";
  /** A function's key, a queue's logical id, an address. */
  readonly id: string;
  readonly deadLetter: string | undefined;
  readonly maxRetries: number;
  readonly maxAgeSeconds: number;
}

export interface Rule {
  readonly name: string;
  /** Name of the bus. */
  readonly bus: string;
  readonly pattern: object;
  readonly targets: readonly RuleTarget[];
}

export interface ServiceDefinition {
  readonly service: string;
  readonly region: string;
  readonly tables: readonly TableDefinition[];
  readonly streams: readonly StreamMapping[];
  readonly queues: readonly QueueDefinition[];
  /** Logical ids. */
  readonly buckets: readonly string[];
  readonly queueMappings: readonly QueueMapping[];
  readonly buses: readonly { readonly logicalId: string; readonly name: string }[];
  readonly rules: readonly Rule[];
  readonly environment: Readonly<Record<string, string>>;
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
      ...events.flatMap(({ functionKey, event, index }) =>
        event.eventBridge ? [readFunctionRule(functionKey, index, fieldsOf(event.eventBridge), busNames)] : [],
      ),
      ...ofType("AWS::Events::Rule").map(([id, resource]) => readRule(id, resource, busNames)),
    ],
    environment: textsOf(provider.environment ?? {}),
  };
}
