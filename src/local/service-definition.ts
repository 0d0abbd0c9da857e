import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import type { Resource } from "./resolved.ts";

/** What the framework makes of serverless.yml, as far as it is read here. */
export interface ServerlessService {
  readonly service: string;
  readonly provider: { readonly region?: string; readonly environment?: Readonly<Record<string, unknown>> };
  readonly functions: Readonly<
    Record<
      string,
      {
        readonly handler: string;
        /** As it is deployed: SERVICE-STAGE-KEY. */
        readonly name?: string;
        readonly events?: readonly Record<string, unknown>[];
        environment?: Readonly<Record<string, unknown>>;
      }
    >
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
  /** Name of the target within its rule; undefined for those of serverless.yml. */
  readonly targetId?: string | undefined;
  /** What the target is sent in place of the event: this text of JSON, or a part of the event. */
  readonly input?: string | undefined;
  readonly inputPath?: string | undefined;
}

export interface Rule {
  readonly name: string;
  /** Name of the bus. */
  readonly bus: string;
  readonly pattern: object;
  readonly isEnabled: boolean;
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
