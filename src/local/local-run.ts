import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { messageOf, type StoredEvent } from "../event-store/index.ts";
import { pollStream, readRecords, sleep, type TableStreamRecord } from "../stream/index.ts";
import { LocalBucket, objectKey } from "./bucket.ts";
import { LocalBus } from "./bus.ts";
import { serveBus } from "./bus-server.ts";
import type { EngineFile } from "./engine-file.ts";
import { fileProgress } from "./file-progress.ts";
import { LiveHub } from "./live-hub.ts";
import { News } from "./news.ts";
import type { LocalQueue } from "./queue.ts";
import { runQueueMapping } from "./queue-mapping.ts";
import { createQueues } from "./queues.ts";
import { hearRequests } from "./request-channel.ts";
import type { RuleTarget, ServiceDefinition } from "./service-definition.ts";
import { type Invoke, type MappingContext, StreamMappingRunner } from "./stream-mapping.ts";
import { createTables } from "./tables.ts";
import { type ReadStream, trimStreams } from "./trim-streams.ts";

export interface LocalRunOptions {
  readonly definition: ServiceDefinition;
  readonly invoke: Invoke;
  /** Where the DynamoDB API and its streams are answered. */
  readonly engineEndpoint: string;
  /** The engine's file, from which stream records that were read are removed. Undefined: they stay. */
  readonly engineFile?: EngineFile | undefined;
  /** Folder for what is kept: queues, bus, positions. Undefined: nothing outlives the process. */
  readonly folder?: string | undefined;
  readonly busPort: number;
  /** Where the functions tell of their requests to the engine. Undefined: nobody hears of them. */
  readonly requestChannel?: string | undefined;
  /** The functions' keys by the names that they tell of themselves. Default: the names. */
  readonly functionKeys?: ReadonlyMap<string, string>;
  /** Told of what fails. */
  readonly log: (line: string) => void;
  /** Told of what goes well. */
  readonly trace?: (line: string) => void;
  /** Milliseconds between removals of stream records. Default 10,000. */
  readonly trimMs?: number;
  /** Milliseconds between looks at an idle stream or queue. Default 100. */
  readonly idleMs?: number;
}

export interface LocalRun {
  readonly busEndpoint: string;
  readonly bus: LocalBus;
  readonly queues: ReadonlyMap<string, LocalQueue>;
  /** What happens in the run, as it happens. */
  readonly live: LiveHub;
  /** Rejects when a part that must run has ended with an error. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/**
 * Everything of the service that AWS runs around its functions: tables, event source mappings,
 * queues and the bus, wired as serverless.yml says.
 */
export async function startLocalRun(options: LocalRunOptions): Promise<LocalRun> {
  const { definition, engineEndpoint, engineFile, folder, log, idleMs = 100, trimMs = 10_000 } = options;
  const { functionKeys = new Map() } = options;
  const { region } = definition;
  const stopping = new AbortController();
  const { signal } = stopping;
  const endpoint = { endpoint: engineEndpoint, region };
  const dynamoDb = new DynamoDBClient(endpoint);
  const streams = new DynamoDBStreamsClient(endpoint);
  const tables = await createTables(dynamoDb, definition.tables);
  const queues = createQueues(definition.queues, { folder, clock, newId });
  const buckets = new Map(definition.buckets.map((id) => [id, new LocalBucket(folder && join(folder, "buckets", id))]));
  const backOff = (retry: number) => sleep(Math.min(10_000, 50 * 2 ** Math.min(retry, 10)), signal);

  function queueOf(id: string): LocalQueue {
    const queue = queues.get(id);
    if (!queue) throw new Error(`serverless.yml names a queue ${id} that it does not define`);
    return queue;
  }

  const invoke: Invoke = (functionKey, event) => {
    live.invoked(functionKey);
    return options.invoke(functionKey, event);
  };

  async function send({ kind, id }: RuleTarget, input: unknown): Promise<void> {
    if (kind === "url") return post(id, input);
    if (kind === "queue") return queueOf(id).send(JSON.stringify(input));
    await invoke(id, input);
  }

  /** Read before anything runs: a damaged file is told while nothing has to be ended. */
  const readers = definition.streams
    .filter(({ isEnabled }) => isEnabled)
    .map((mapping) => {
      const { name = "", streamArn } = tables.get(mapping.table) ?? {};
      if (streamArn === undefined) throw new Error(`${mapping.functionKey}: table ${mapping.table} has no stream`);
      const path = folder && join(folder, "positions", `${mapping.functionKey}.json`);
      return { mapping, table: name, streamArn, progress: fileProgress(path, streamArn) };
    });

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
  /** A function's append is read at once; one from elsewhere when a reader looks next. */
  const news = new News();
  const streamed = new Set(readers.map(({ table }) => table));
  const live = new LiveHub({ clock, rulesOf: (archived) => bus.rulesOf(archived) });
  bus.listen((archived) => live.published(archived));
  const stopHearing =
    options.requestChannel === undefined
      ? undefined
      : hearRequests(options.requestChannel, ({ by, ...request }) => {
          live.requested({ ...request, by: functionKeys.get(by) ?? by });
          if (request.writeUnits > 0 && streamed.has(request.table)) news.tell();
        });
  bus.listen(({ event }) => options.trace?.(`bus: ${event["detail-type"]} ${event.resources.join(" ")}`));

  function runStream({ mapping, streamArn, progress }: (typeof readers)[number]): Promise<void> {
    const giveUp: MappingContext["giveUp"] = (account, event) => {
      const { onFailure: id, functionKey } = mapping;
      const bucket = id === undefined ? undefined : buckets.get(id);
      if (bucket) bucket.put(objectKey(functionKey, clock(), newId()), { ...account, payload: JSON.stringify(event) });
      else if (id !== undefined) queueOf(id).send(JSON.stringify(account));
    };
    const runner = new StreamMappingRunner(mapping, { invoke, streamArn, region, clock, backOff, giveUp, log, signal });
    return pollStream({
      client: streams,
      streamArn,
      startingPosition: mapping.startingPosition,
      progress,
      handle: async (records) => {
        await runner.deliver(records);
        live.taken(mapping.functionKey, records.length);
      },
      batchSize: mapping.batchSize,
      batchWindowMs: mapping.batchWindowSeconds * 1000,
      idleMs,
      rest: news.wait,
      clock,
      signal,
      log,
    });
  }

  /** A reader of its own, which holds up no function and is held up by none. */
  function watch(streamArn: string): Promise<void> {
    return pollStream({
      client: streams,
      streamArn,
      startingPosition: "LATEST",
      progress: fileProgress(undefined, streamArn),
      handle: async (records) => live.appended(eventsOf(records)),
      batchSize: 1_000,
      idleMs,
      rest: news.wait,
      clock,
      signal,
      log,
    });
  }

  async function runTrim(file: EngineFile): Promise<void> {
    const streams: ReadStream[] = [...new Set(readers.map(({ table }) => table))].map((table) => ({
      table,
      readers: readers.filter((reader) => reader.table === table).map(({ progress }) => progress),
    }));
    while (!signal.aborted) {
      await sleep(trimMs, signal);
      if (signal.aborted) return;
      try {
        trimStreams(file, streams);
      } catch (error) {
        log(`stream records were not removed: ${messageOf(error)}`);
      }
    }
  }

  const running = [
    ...readers.map(runStream),
    ...[...new Set(readers.map(({ streamArn }) => streamArn))].map(watch),
    ...(engineFile ? [runTrim(engineFile)] : []),
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
          taken: (messages) => live.taken(mapping.functionKey, messages),
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
    stopHearing?.();
    dynamoDb.destroy();
    streams.destroy();
  }

  return { busEndpoint: server.endpoint, bus, queues, live, failed, stop };
}

const eventsOf = (records: readonly TableStreamRecord[]): StoredEvent[] =>
  readRecords(records).flatMap(({ event }) => event ?? []);

async function post(url: string, input: unknown): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(input) });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
}

const newId = (): string => randomUUID();

const clock = (): Date => new Date();
