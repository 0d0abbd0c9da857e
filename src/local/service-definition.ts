import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";

/** What the framework makes of serverless.yml, as far as it is read here. */
export interface ServerlessService {
  readonly service: string;
  readonly provider: { readonly region?: string; readonly environment?: Readonly<Record<string, unknown>> };
  readonly functions: Readonly<
    Record<string, { readonly handler: string; readonly events?: readonly Record<string, unknown>[] }>
  >;
  readonly resources?: { readonly Resources?: Readonly<Record<string, Resource>> } | undefined;
}

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
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
  /** Logical id of what takes a batch that was given up. */
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
  readonly queueMappings: readonly QueueMapping[];
  readonly buses: readonly { readonly logicalId: string; readonly name: string }[];
  readonly rules: readonly Rule[];
  readonly environment: Readonly<Record<string, string>>;
}

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const numberOr = (value: unknown, otherwise: number): number => (value === undefined ? otherwise : Number(value));

/** The logical id behind `!GetAtt X.Arn` or `!Ref X`; a plain text stands for itself. */
export function logicalId(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const { "Fn::GetAtt": attribute, Ref: reference } = fieldsOf(value);
  if (typeof reference === "string") return reference;
  const [id] =
    typeof attribute === "string" ? attribute.split(".") : Array.isArray(attribute) ? (attribute as string[]) : [];
  return id;
}

function readTable(id: string, { Properties = {} }: Resource): TableDefinition {
  const {
    TableName,
    AttributeDefinitions,
    KeySchema,
    GlobalSecondaryIndexes,
    StreamSpecification,
    TimeToLiveSpecification,
  } = Properties;
  const indexes = (GlobalSecondaryIndexes ?? []) as NonNullable<CreateTableCommandInput["GlobalSecondaryIndexes"]>;
  const stream = StreamSpecification ? { StreamEnabled: true, ...fieldsOf(StreamSpecification) } : undefined;
  return {
    logicalId: id,
    name: String(TableName),
    ttlAttribute: fieldsOf(TimeToLiveSpecification).AttributeName as string | undefined,
    create: {
      TableName: String(TableName),
      AttributeDefinitions: AttributeDefinitions as CreateTableCommandInput["AttributeDefinitions"],
      KeySchema: KeySchema as CreateTableCommandInput["KeySchema"],
      BillingMode: "PAY_PER_REQUEST",
      ...(indexes.length > 0
        ? {
            GlobalSecondaryIndexes: indexes.map(({ IndexName, KeySchema: key, Projection }) => ({
              IndexName,
              KeySchema: key,
              Projection,
            })),
          }
        : {}),
      ...(stream ? { StreamSpecification: stream as CreateTableCommandInput["StreamSpecification"] } : {}),
    },
  };
}

function readStream(functionKey: string, stream: Fields): StreamMapping {
  return {
    functionKey,
    table: logicalId(stream.arn) ?? "",
    batchSize: numberOr(stream.batchSize, 100),
    batchWindowSeconds: numberOr(stream.batchWindow, 0),
    startingPosition: stream.startingPosition === "TRIM_HORIZON" ? "TRIM_HORIZON" : "LATEST",
    reportsBatchItemFailures: stream.functionResponseType === "ReportBatchItemFailures",
    bisects: stream.bisectBatchOnFunctionError === true,
    maxRetries: numberOr(stream.maximumRetryAttempts, -1),
    maxAgeSeconds: numberOr(stream.maximumRecordAgeInSeconds, -1),
    onFailure: logicalId(
      fieldsOf(fieldsOf(stream.destinations).onFailure).arn ?? fieldsOf(stream.destinations).onFailure,
    ),
    filterPatterns: (stream.filterPatterns ?? []) as object[],
    isEnabled: stream.enabled !== false,
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

function readQueueMapping(functionKey: string, sqs: unknown): QueueMapping {
  const fields = typeof sqs === "string" ? { arn: sqs } : fieldsOf(sqs);
  return {
    functionKey,
    queue: logicalId("Ref" in fields || "Fn::GetAtt" in fields ? fields : fields.arn) ?? "",
    batchSize: numberOr(fields.batchSize, 10),
    batchWindowSeconds: numberOr(fields.maximumBatchingWindow, 0),
    reportsBatchItemFailures: fields.functionResponseType === "ReportBatchItemFailures",
    isEnabled: fields.enabled !== false,
  };
}

/** EventBridge's own defaults for a target: "Event retry policy and using dead-letter queues". */
function readTarget(kind: RuleTarget["kind"], id: string, deadLetter: unknown, retryPolicy: unknown): RuleTarget {
  const policy = fieldsOf(retryPolicy);
  return {
    kind,
    id,
    deadLetter: logicalId(deadLetter),
    maxRetries: numberOr(policy.maximumRetryAttempts ?? policy.MaximumRetryAttempts, 185),
    maxAgeSeconds: numberOr(policy.maximumEventAge ?? policy.MaximumEventAgeInSeconds, 86_400),
  };
}

type BusNames = ReadonlyMap<string, string>;
const busName = (buses: BusNames, value: unknown): string => {
  const id = logicalId(value) ?? "default";
  return buses.get(id) ?? id;
};

function readFunctionRule(functionKey: string, index: number, event: Fields, buses: BusNames): Rule {
  const target = readTarget("function", functionKey, event.deadLetterQueueArn, event.retryPolicy);
  const pattern = (event.pattern ?? {}) as object;
  return { name: `${functionKey}-rule-${index + 1}`, bus: busName(buses, event.eventBus), pattern, targets: [target] };
}

function readRule(id: string, { Properties = {} }: Resource, buses: BusNames): Rule {
  const targets = ((Properties.Targets ?? []) as Fields[]).map(({ Arn, DeadLetterConfig, RetryPolicy }) =>
    readTarget("queue", logicalId(Arn) ?? "", fieldsOf(DeadLetterConfig).Arn, RetryPolicy),
  );
  return {
    name: id,
    bus: busName(buses, Properties.EventBusName),
    pattern: Properties.EventPattern as object,
    targets,
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
      event.stream ? [readStream(functionKey, fieldsOf(event.stream))] : [],
    ),
    queues: ofType("AWS::SQS::Queue").map(([id, resource]) => readQueue(id, resource)),
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
