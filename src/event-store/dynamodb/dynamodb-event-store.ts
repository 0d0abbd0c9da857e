import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { CommandLog } from "../command-log.ts";
import type { CommandOutcome } from "../command-outcome.ts";
import { randomId, systemClock } from "../defaults.ts";
import { DerivedMethods } from "../derived-methods.ts";
import type { StoredEvent } from "../event.ts";
import type {
  AppendRequest,
  AppendResult,
  EventKey,
  EventStore,
  IndexEntry,
  IndexReadOptions,
  ReadOptions,
} from "../event-store.ts";
import { type AggregateEventTypes, EventTypeRegistry } from "../event-types.ts";
import { HeadCache } from "../head-cache.ts";
import { checkReadOptions } from "../read-options.ts";
import type { ScannedPage, ScanRequest } from "../scan.ts";
import type { NewSnapshot, Snapshot, SnapshotOptions, SnapshotQuery } from "../snapshot.ts";
import { checkKeyText, MAX_AGGREGATE_TYPE_BYTES, MAX_INDEXED_ID_BYTES } from "../validate.ts";
import { appendEvents } from "./append.ts";
import { appendToMany } from "./append-to-many.ts";
import { EVENT_TYPE_INDEX, USER_ACTION_INDEX } from "./attributes.ts";
import type { StoreContext } from "./context.ts";
import { readHeadWithCommands } from "./head.ts";
import { type IndexSelection, readIndex, readIndexKeys } from "./index-read.ts";
import { checkOptions, type DynamoDBEventStoreOptions } from "./options.ts";
import { findOutcome, rememberOutcome } from "./outcomes.ts";
import { readEvents } from "./read.ts";
import { REQUEST_ATTEMPTS, readAvailable, whileAvailable } from "./retry.ts";
import { scanEvents } from "./scan.ts";
import { expireSnapshot, putSnapshot, readSnapshots } from "./snapshots.ts";

/**
 * An event store on two DynamoDB tables.
 *
 * @example
 * const store = new DynamoDBEventStore(new DynamoDBClient(), "Shop-Events", "Shop-Snapshots");
 * const version = await store.appendEvent("Product", "p-1", "ProductCreated", { name: "Tea" }, "ann", "c-1", 0);
 */
export class DynamoDBEventStore extends DerivedMethods implements EventStore {
  readonly #context: StoreContext;

  constructor(
    dynamoDbClient: DynamoDBClient,
    eventTableName: string,
    snapshotTableName: string,
    options: DynamoDBEventStoreOptions = {},
  ) {
    super();
    checkOptions(options);
    this.#context = {
      client: dynamoDbClient,
      eventTable: eventTableName,
      snapshotTable: snapshotTableName,
      encoding: options.payloadEncoding ?? "map",
      eventTypes: new EventTypeRegistry(options.eventTypes, options.aggregates),
      heads: new HeadCache(options.memoryBytes ?? DEFAULT_MEMORY_BYTES),
      appendAttempts: options.appendAttempts ?? 40,
      requestAttempts: options.requestAttempts ?? REQUEST_ATTEMPTS,
      indexShards: options.indexShards ?? 1,
      clock: options.clock ?? systemClock,
      newId: options.newId ?? randomId,
      traceHeader: options.traceHeader ?? (() => undefined),
      warn: options.warn ?? (() => undefined),
    };
  }

  appendEvents(request: AppendRequest): Promise<AppendResult> {
    return whileAvailable(String(request?.entityId), () => appendEvents(this.#context, request));
  }

  appendToMany(requests: readonly (AppendRequest & { readonly expectedVersion: number })[]): Promise<AppendResult[]> {
    return whileAvailable(namesOf(requests), () => appendToMany(this.#context, requests));
  }

  async *readEvents(entityId: string, options: ReadOptions = {}): AsyncGenerator<StoredEvent> {
    checkReadOptions(entityId, options);
    yield* readAvailable(entityId, readEvents(this.#context, entityId, options));
  }

  async *readEventsByType(
    aggregateType: string,
    eventType: string | undefined,
    options: IndexReadOptions = {},
  ): AsyncGenerator<IndexEntry> {
    checkKeyText("aggregateType", aggregateType, MAX_AGGREGATE_TYPE_BYTES);
    const selection: IndexSelection = { index: EVENT_TYPE_INDEX, of: aggregateType, eventType };
    yield* readIndex(this.#context, selection, options);
  }

  async *readKeysByType(aggregateType: string, options: IndexReadOptions = {}): AsyncGenerator<EventKey> {
    checkKeyText("aggregateType", aggregateType, MAX_AGGREGATE_TYPE_BYTES);
    yield* readIndexKeys(this.#context, { index: EVENT_TYPE_INDEX, of: aggregateType }, options);
  }

  async *readEventsByUser(userId: string, options: IndexReadOptions = {}): AsyncGenerator<IndexEntry> {
    checkKeyText("userId", userId, MAX_INDEXED_ID_BYTES);
    yield* readIndex(this.#context, { index: USER_ACTION_INDEX, of: userId }, options);
  }

  scanEvents(request: ScanRequest): Promise<ScannedPage> {
    return scanEvents(this.#context, request);
  }

  storeSnapshot(snapshot: NewSnapshot, options: SnapshotOptions = {}): Promise<boolean> {
    return whileAvailable(String(snapshot?.entityId), () => putSnapshot(this.#context, snapshot, options));
  }

  async *readSnapshots(entityId: string, query: SnapshotQuery = {}): AsyncGenerator<Snapshot> {
    yield* readAvailable(entityId, readSnapshots(this.#context, entityId, query));
  }

  /** Marks a snapshot for removal by time to live at `expiresAt`. */
  expireSnapshot(entityId: string, version: number, expiresAt: Date): Promise<void> {
    return expireSnapshot(this.#context, entityId, { version, expiresAt });
  }

  async getRecentCommands(entityId: string): Promise<CommandLog> {
    checkKeyText("entityId", entityId);
    return whileAvailable(entityId, async () => (await readHeadWithCommands(this.#context, entityId)).commands);
  }

  async findOutcome(entityId: string, commandId: string): Promise<CommandOutcome | undefined> {
    checkKeyText("entityId", entityId);
    return whileAvailable(entityId, () => findOutcome(this.#context, entityId, commandId));
  }

  async rememberOutcome(outcome: CommandOutcome): Promise<void> {
    return whileAvailable(outcome.entityId, () => rememberOutcome(this.#context, outcome));
  }

  declare(aggregate: AggregateEventTypes): void {
    this.#context.eventTypes.declare(aggregate);
  }

  /** The newest version of the entity that this process has loaded or stored; undefined when unknown. */
  knownVersion(entityId: string): number | undefined {
    return this.#context.heads.get(entityId)?.version;
  }
}

const DEFAULT_MEMORY_BYTES = 64 * 1024 * 1024;

const namesOf = (requests: unknown): string =>
  Array.isArray(requests) ? requests.map((request: AppendRequest | undefined) => request?.entityId).join(", ") : "";
