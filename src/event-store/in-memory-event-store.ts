import { type CommandLog, CommandsBackward, findCommand } from "./command-log.ts";
import type { CommandOutcome } from "./command-outcome.ts";
import { randomId, systemClock } from "./defaults.ts";
import { DerivedMethods } from "./derived-methods.ts";
import { type EntityHead, headAt, NEW_ENTITY } from "./entity-head.ts";
import { CommandIdReusedError, ConcurrencyError } from "./errors.ts";
import type { StoredEvent } from "./event.ts";
import type {
  AppendRequest,
  AppendResult,
  EventKey,
  EventStore,
  IndexEntry,
  IndexReadOptions,
  ReadOptions,
} from "./event-store.ts";
import { type AggregateEventTypes, EventTypeRegistry, type EventTypes, upcast } from "./event-types.ts";
import { InMemorySnapshots } from "./in-memory-snapshots.ts";
import { decodeIndexCursor, encodeIndexCursor } from "./index-position.ts";
import { assignSequenceNumbers, type PreparedAppend, prepareAppend } from "./prepare-append.ts";
import { checkIndexReadOptions, checkReadOptions, isWithin, orderOf } from "./read-options.ts";
import type { ScannedPage, ScanRequest } from "./scan.ts";
import type { NewSnapshot, Snapshot, SnapshotOptions, SnapshotQuery } from "./snapshot.ts";
import { checkStorable } from "./storable.ts";
import {
  checkAppendToMany,
  checkFields,
  checkKeyText,
  type Fields,
  MAX_AGGREGATE_TYPE_BYTES,
  MAX_INDEXED_ID_BYTES,
} from "./validate.ts";
import type { Warn } from "./warn.ts";

export interface InMemoryEventStoreOptions {
  /** Schemas, versions and upcasters by event type, for aggregates that do not declare their own. Default: none. */
  readonly eventTypes?: EventTypes;
  /** The event types of each aggregate. Default: none. */
  readonly aggregates?: readonly AggregateEventTypes[];
  /** Default: the system's. */
  readonly clock?: () => Date;
  /** Makes event ids. Default: random UUIDs. */
  readonly newId?: () => string;
  /** Default: ignored. */
  readonly warn?: Warn;
}

/**
 * The event store for tests: the same answers and the same refusals as `DynamoDBEventStore`, which one suite of tests
 * holds both to (with payloads as maps, the default). It has no limit of sizes, and reads through indexes are not delayed.
 */
export class InMemoryEventStore extends DerivedMethods implements EventStore {
  readonly #entities = new Map<string, StoredEvent[]>();
  readonly #snapshots: InMemorySnapshots;
  readonly #context: {
    readonly eventTypes: EventTypeRegistry;
    readonly clock: () => Date;
    readonly newId: () => string;
    readonly warn: Warn;
  };

  /** @throws {InvalidArgumentError} for an unknown option */
  constructor(options: InMemoryEventStoreOptions = {}) {
    super();
    checkFields("options", options, OPTIONS);
    const { eventTypes, aggregates, clock = systemClock, newId = randomId, warn = () => undefined } = options;
    this.#snapshots = new InMemorySnapshots(clock);
    this.#context = { eventTypes: new EventTypeRegistry(eventTypes, aggregates), clock, newId, warn };
  }

  async appendEvents(request: AppendRequest): Promise<AppendResult> {
    const append = await this.#prepare(request);
    const first = this.#firstTime(append);
    if (first) return first;
    const events = this.#next(append);
    append.request.precondition?.(events);
    return this.#push(events);
  }

  async appendToMany(
    requests: readonly (AppendRequest & { readonly expectedVersion: number })[],
  ): Promise<readonly AppendResult[]> {
    checkAppendToMany(requests);
    const appends = await Promise.all(requests.map((request) => this.#prepare(request)));
    const first = appends.map((append) => this.#firstTime(append));
    const repeated = first.flatMap((one) => one ?? []);
    if (repeated.length === appends.length) return repeated;
    const events = appends.map((append, index) => (first[index] ? [] : this.#next(append)));
    for (const [index, { request, command }] of appends.entries()) {
      const before = first[index];
      if (before) throw new CommandIdReusedError(request.entityId, command?.id ?? "", before.version);
      request.precondition?.(events[index] ?? []);
    }
    return events.map((one) => this.#push(one));
  }

  async #prepare(request: AppendRequest): Promise<PreparedAppend> {
    const append = await prepareAppend(this.#context, request);
    for (const { eventData } of append.events) checkStorable(eventData, "eventData");
    return append;
  }

  /** What the same command has stored before. @throws {CommandIdReusedError} */
  #firstTime({ request, command }: PreparedAppend): AppendResult | undefined {
    const { entityId } = request;
    const found = command && findCommand(this.#commands(entityId), entityId, command);
    if (!found) return undefined;
    const events = this.#stored(entityId).slice(0, found.version);
    const first = events.findLastIndex(({ commandId }) => commandId !== found.id) + 1;
    return { version: found.version, events: events.slice(first).map((event) => this.#upcast(event)), repeated: true };
  }

  /** @throws {ConcurrencyError} @throws {AggregateTypeError} */
  #next(append: PreparedAppend): StoredEvent[] {
    const { entityId, expectedVersion } = append.request;
    const head = this.#head(entityId);
    if (expectedVersion !== undefined && expectedVersion !== head.version)
      throw this.#conflict(entityId, expectedVersion, head.version);
    return assignSequenceNumbers(this.#context, head, append);
  }

  #conflict(entityId: string, expected: number, actual: number): ConcurrencyError {
    const winner = this.#stored(entityId)[expected];
    return new ConcurrencyError(entityId, expected, actual, { winner: winner && this.#upcast(winner) });
  }

  #push(events: readonly StoredEvent[]): AppendResult {
    const [first] = events;
    if (first) this.#entities.set(first.entityId, [...this.#stored(first.entityId), ...events]);
    return { version: events.at(-1)?.sequenceNumber ?? 0, events, repeated: false };
  }

  #head(entityId: string): EntityHead {
    const last = this.#stored(entityId).at(-1);
    return last ? headAt(last, NEW_ENTITY.commands) : NEW_ENTITY;
  }

  #commands(entityId: string): CommandLog {
    const commands = new CommandsBackward();
    for (const event of this.#stored(entityId).toReversed()) {
      if (commands.isEnough) break;
      commands.add(event);
    }
    return commands.log;
  }

  #stored(entityId: string): readonly StoredEvent[] {
    return this.#entities.get(entityId) ?? [];
  }

  #upcast(event: StoredEvent): StoredEvent {
    return upcast(this.#context.eventTypes, event);
  }

  async *readEvents(entityId: string, options: ReadOptions = {}): AsyncGenerator<StoredEvent> {
    checkReadOptions(entityId, options);
    const { fromSequence = 1, toSequence, direction, limit } = options;
    const range = this.#stored(entityId).slice(fromSequence - 1, toSequence);
    const inOrder = direction === "backward" ? range.toReversed() : range;
    for (const event of inOrder.slice(0, limit)) yield this.#upcast(event);
  }

  async *readEventsByType(
    aggregateType: string,
    eventType: string | undefined,
    options: IndexReadOptions = {},
  ): AsyncGenerator<IndexEntry> {
    checkKeyText("aggregateType", aggregateType, MAX_AGGREGATE_TYPE_BYTES);
    const names = eventType === undefined ? undefined : this.#context.eventTypes.storedAs(aggregateType, eventType);
    const isStored = (event: StoredEvent) =>
      event.aggregateType === aggregateType && (names?.includes(event.eventType) ?? true);
    // One stored under an older name may be read as another type, by its version.
    const isRead = (event: StoredEvent) => (eventType ?? event.eventType) === event.eventType;
    yield* this.#readIndex(isStored, isRead, options);
  }

  async *readKeysByType(aggregateType: string, options: IndexReadOptions = {}): AsyncGenerator<EventKey> {
    for await (const { event, cursor } of this.readEventsByType(aggregateType, undefined, options)) {
      const { entityId, sequenceNumber, eventTime } = event;
      yield { entityId, sequenceNumber, eventTime, cursor };
    }
  }

  async *readEventsByUser(userId: string, options: IndexReadOptions = {}): AsyncGenerator<IndexEntry> {
    checkKeyText("userId", userId, MAX_INDEXED_ID_BYTES);
    yield* this.#readIndex(
      (event) => event.userId === userId,
      () => true,
      options,
    );
  }

  *#readIndex(
    isStored: (event: StoredEvent) => boolean,
    isRead: (event: StoredEvent) => boolean,
    options: IndexReadOptions,
  ): Generator<IndexEntry> {
    checkIndexReadOptions(options);
    const compare = orderOf(options);
    const after = options.cursor === undefined ? undefined : decodeIndexCursor(options.cursor);
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    const stored = [...this.#entities.values()].flat().filter((event) => isStored(event) && isWithin(event, options));
    for (const event of stored.sort(compare)) {
      if (after && compare(event, after) <= 0) continue;
      const read = this.#upcast(event);
      if (!isRead(read)) continue;
      if (left <= 0) return;
      left -= 1;
      yield { event: read, cursor: encodeIndexCursor(event) };
    }
  }

  async scanEvents({ segment, segments, start, limit }: ScanRequest): Promise<ScannedPage> {
    const all = [...this.#entities.values()].filter((_, index) => index % segments === segment).flat();
    const from = Number(start ?? 0);
    const end = limit === undefined ? all.length : from + limit;
    const events = all.slice(from, end).map((event) => {
      const { entityId, sequenceNumber } = event;
      return { entityId, sequenceNumber, event };
    });
    return { events, next: end < all.length ? String(end) : undefined, capacityUnits: 0 };
  }

  async storeSnapshot(made: NewSnapshot, options: SnapshotOptions = {}): Promise<boolean> {
    return this.#snapshots.store(made, options);
  }

  async *readSnapshots(entityId: string, query: SnapshotQuery = {}): AsyncGenerator<Snapshot> {
    yield* this.#snapshots.read(entityId, query);
  }

  async expireSnapshot(entityId: string, version: number, expiresAt: Date): Promise<void> {
    this.#snapshots.expire(entityId, version, expiresAt);
  }

  async getRecentCommands(entityId: string): Promise<CommandLog> {
    checkKeyText("entityId", entityId);
    return this.#commands(entityId);
  }

  async findOutcome(entityId: string, commandId: string): Promise<CommandOutcome | undefined> {
    checkKeyText("entityId", entityId);
    return this.#snapshots.findOutcome(entityId, commandId);
  }

  async rememberOutcome(outcome: CommandOutcome): Promise<void> {
    this.#snapshots.rememberOutcome(outcome);
  }

  declare(aggregate: AggregateEventTypes): void {
    this.#context.eventTypes.declare(aggregate);
  }

  knownVersion(entityId: string): number | undefined {
    return this.#stored(entityId).at(-1)?.sequenceNumber;
  }
}

const OPTIONS: Fields<InMemoryEventStoreOptions> = {
  eventTypes: true,
  aggregates: true,
  clock: true,
  newId: true,
  warn: true,
};
