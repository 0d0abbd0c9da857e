import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { pollStream, sleep } from "../stream/index.ts";
import { LocalBucket, objectKey } from "./bucket.ts";
import { LocalBus } from "./bus.ts";
import type { BusEvent } from "./bus-entries.ts";
import { serveBus } from "./bus-server.ts";
import { fileProgress } from "./file-progress.ts";
import { LocalQueue } from "./queue.ts";
import { runQueueMapping } from "./queue-mapping.ts";
import type { QueueDefinition, RuleTarget, ServiceDefinition, StreamMapping } from "./service-definition.ts";
import { type Invoke, type MappingContext, StreamMappingRunner } from "./stream-mapping.ts";
import { createTables } from "./tables.ts";

export interface LocalRunOptions {
  readonly definition: ServiceDefinition;
  readonly invoke: Invoke;
  /** Where the DynamoDB API and its streams are answered. */
  readonly engineEndpoint: string;
  /** Folder for what is kept: queues, bus, positions. Undefined: nothing outlives the process. */
  readonly folder?: string | undefined;
  readonly busPort: number;
  readonly log: (line: string) => void;
  /** Milliseconds between looks at an idle stream or queue. Default 100. */
  readonly idleMs?: number;
}

export interface LocalRun {
  readonly busEndpoint: string;
  readonly bus: LocalBus;
  readonly queues: ReadonlyMap<string, LocalQueue>;
  /** Rejects when a part that must run has ended with an error. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

const clock = (): Date => new Date();
const newId = (): string => randomUUID();

function createQueues(definitions: readonly QueueDefinition[], folder: string | undefined): Map<string, LocalQueue> {
  const queues = new Map<string, LocalQueue>();
  const create = ({ logicalId, name, visibilitySeconds, deadLetter }: QueueDefinition): LocalQueue => {
    const known = queues.get(logicalId);
    if (known) return known;
    const target = deadLetter && definitions.find((other) => other.logicalId === deadLetter.queue);
    const redrive = target && deadLetter && { queue: create(target), maxReceiveCount: deadLetter.maxReceiveCount };
    const path = folder && join(folder, "queues", `${name}.jsonl`);
    const queue = new LocalQueue({ name, visibilitySeconds, deadLetter: redrive, path, clock, newId });
    queues.set(logicalId, queue);
    return queue;
  };
  for (const definition of definitions) create(definition);
  return queues;
}

async function post(url: string, event: BusEvent): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(event) });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
}

/**
 * Everything of the service that AWS runs around its functions: tables, event source mappings,
 * queues and the bus, wired as serverless.yml says.
 */
export async function startLocalRun(options: LocalRunOptions): Promise<LocalRun> {
  const { definition, invoke, engineEndpoint, folder, log, idleMs = 100 } = options;
  const { region } = definition;
  const stopping = new AbortController();
  const { signal } = stopping;
  const endpoint = { endpoint: engineEndpoint, region };
  const dynamoDb = new DynamoDBClient(endpoint);
  const streams = new DynamoDBStreamsClient(endpoint);
  const tables = await createTables(dynamoDb, definition.tables);
  const queues = createQueues(definition.queues, folder);
  const buckets = new Map(definition.buckets.map((id) => [id, new LocalBucket(folder && join(folder, "buckets", id))]));
  const backOff = (retry: number) => sleep(Math.min(10_000, 50 * 2 ** Math.min(retry, 10)), signal);

  function queueOf(id: string): LocalQueue {
    const queue = queues.get(id);
    if (!queue) throw new Error(`serverless.yml names a queue ${id} that it does not define`);
    return queue;
  }

  async function send({ kind, id }: RuleTarget, event: BusEvent): Promise<void> {
    if (kind === "url") return post(id, event);
    if (kind === "queue") return queueOf(id).send(JSON.stringify(event));
    await invoke(id, event);
  }

  const bus = new LocalBus({
    buses: [...definition.buses.map(({ name }) => name), "default"],
    rules: definition.rules,
    region,
    folder,
    newId,
    clock,
    backOff,
    log,
    signal,
    send,
    deadLetter: (queue, event, attributes) => queueOf(queue).send(JSON.stringify(event), attributes),
  });
  const server = await serveBus(bus, options.busPort);
  bus.listen(({ event }) => log(`bus: ${event["detail-type"]} ${event.resources.join(" ")}`));

  function runStream(mapping: StreamMapping): Promise<void> {
    const streamArn = tables.get(mapping.table)?.streamArn;
    if (streamArn === undefined) throw new Error(`${mapping.functionKey}: table ${mapping.table} has no stream`);
    const giveUp: MappingContext["giveUp"] = (account, event) => {
      const { onFailure: id, functionKey } = mapping;
      const bucket = id === undefined ? undefined : buckets.get(id);
      if (bucket) bucket.put(objectKey(functionKey, clock(), newId()), { ...account, payload: JSON.stringify(event) });
      else if (id !== undefined) queueOf(id).send(JSON.stringify(account));
    };
    const runner = new StreamMappingRunner(mapping, { invoke, streamArn, region, clock, backOff, giveUp, log, signal });
    const path = folder && join(folder, "positions", `${mapping.functionKey}.json`);
    return pollStream({
      client: streams,
      streamArn,
      startingPosition: mapping.startingPosition,
      progress: fileProgress(path, streamArn),
      handle: (records) => runner.deliver(records),
      batchSize: mapping.batchSize,
      batchWindowMs: mapping.batchWindowSeconds * 1000,
      idleMs,
      clock,
      signal,
      log,
    });
  }

  const running = [
    ...definition.streams.filter(({ isEnabled }) => isEnabled).map(runStream),
    ...definition.queueMappings
      .filter(({ isEnabled }) => isEnabled)
      .map((mapping) =>
        runQueueMapping(mapping, {
          invoke,
          queue: queueOf(mapping.queue),
          region,
          log,
          signal,
          rest: () => sleep(idleMs, signal),
        }),
      ),
  ];
  const failed = new Promise<never>((_, reject) => {
    for (const part of running) part.catch(reject);
  });
  failed.catch(() => undefined);

  async function stop(): Promise<void> {
    stopping.abort();
    await Promise.allSettled(running);
    await server.stop();
    dynamoDb.destroy();
    streams.destroy();
  }

  return { busEndpoint: server.endpoint, bus, queues, failed, stop };
}
