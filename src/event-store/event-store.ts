import type { CommandLog } from "./command-log.ts";
import type { CommandOutcome } from "./command-outcome.ts";
import type { Event, NewEvent, StoredEvent } from "./event.ts";
import type { AggregateEventTypes } from "./event-types.ts";
import type { ScannedPage, ScanRequest } from "./scan.ts";
import type { NewSnapshot, Snapshot, SnapshotOptions, SnapshotQuery } from "./snapshot.ts";

/** Several events of one entity, stored all or none. */
export interface AppendRequest {
  /** 1 to 256 bytes. */
  readonly aggregateType: string;
  /** 1 to 1,000 bytes of well-formed text. */
  readonly entityId: string;
  /** 1 to 100 events. */
  readonly events: readonly NewEvent[];
  /** 1 to 1,000 bytes of well-formed text. */
  readonly userId: string;
  readonly correlationId: string;
  readonly causationId?: string | undefined;
  /**
   * The version the entity must be at: 0 for a new one. Omitted: appended at the head, whatever it is.
   */
  readonly expectedVersion?: number | undefined;
  /**
   * Default true: a conflict says where the entity is, which a lost race costs a strong read. False: it says what the
   * refused append showed, which is the event at `expectedVersion + 1` as `winner`; the entity may be further on.
   */
  readonly explainsConflict?: boolean | undefined;
  /** Recognises a repeat among the entity's last 100 commands. */
  readonly command?: CommandIdentity | undefined;
  /** Called with the events as they are going to be stored; what it throws refuses the append. Nothing was sent then. */
  readonly precondition?: ((events: readonly StoredEvent[]) => void) | undefined;
}

export interface CommandIdentity {
  readonly id: string;
  /** A digest of the command. Default: a digest of the events it appends. */
  readonly hash?: string | undefined;
  /** The entity's last commands at `expectedVersion`, for a caller who has them from a load. */
  readonly log?: CommandLog | undefined;
}

export interface AppendResult {
  /** The entity's version after the append. */
  readonly version: number;
  /** What was stored: by the first time, when the command was a repeat. */
  readonly events: readonly StoredEvent[];
  /** True when the command had been stored before and nothing was stored now. */
  readonly repeated: boolean;
}

export interface ReadOptions {
  /** First sequence number, inclusive. Default 1. */
  readonly fromSequence?: number | undefined;
  /** Last sequence number, inclusive. Default: the head. */
  readonly toSequence?: number | undefined;
  /** Default "forward". */
  readonly direction?: "forward" | "backward";
  /** At most this many events. Default: all. */
  readonly limit?: number | undefined;
  /** Default true. False costs half and may miss what was stored in the last moments. */
  readonly consistent?: boolean | undefined;
}

export interface IndexReadOptions {
  /** ISO 8601, inclusive. Default: the first event. */
  readonly fromTime?: string | undefined;
  /** ISO 8601, inclusive; a date without a time is that whole day. Default: the last event. */
  readonly toTime?: string | undefined;
  /** Goes on after the event that this cursor came with, in the direction of the read. */
  readonly cursor?: string | undefined;
  /** At most this many. Default: all. */
  readonly limit?: number | undefined;
  /** Default "forward"; "backward" begins with the newest. */
  readonly direction?: "forward" | "backward" | undefined;
}

/** An event of an index read, with the place to go on from. */
export interface IndexEntry {
  readonly event: StoredEvent;
  readonly cursor: string;
}

/** Where an event stands, from an index alone: nothing of the event itself is read. */
export interface EventKey {
  readonly entityId: string;
  readonly sequenceNumber: number;
  readonly eventTime: string;
  readonly cursor: string;
}

/** The interface as specified; `EventStore` extends it. */
export interface BasicEventStore {
  /**
   * Appends one event and returns the entity's new version. The arguments are copied on entry.
   *
   * @throws {ConcurrencyError} when the entity is not at `expectedVersion`
   * @throws {InvalidArgumentError} @throws {UnstorableValueError} when `eventData` is no JSON object: it is stored as a map
   */
  appendEvent<T>(
    aggregateType: string,
    entityId: string,
    eventType: string,
    eventData: T,
    userId: string,
    correlationId: string,
    expectedVersion?: number,
  ): Promise<number>;

  /**
   * The entity's events in order, strongly consistent; both bounds are inclusive.
   *
   * @throws {CorruptEntityError} when a sequence number is missing
   */
  getEvents(entityId: string, fromSequence?: number, toSequence?: number): Promise<Event[]>;

  /**
   * All events of one type, by time, then entity, then sequence number; both times are inclusive.
   * Read from an index, so what was stored in the last moments may be missing.
   */
  getEventsByType(aggregateType: string, eventType: string, fromTime?: string, toTime?: string): Promise<Event[]>;

  /**
   * Stores a snapshot. One of the same content at that version is left as it is, any other is replaced.
   *
   * @throws {UnstorableValueError} when it would not come back as it is
   */
  createSnapshot<T>(
    aggregateType: string,
    entityId: string,
    version: number,
    snapshotData: T,
    eventSequenceNumber: number,
  ): Promise<void>;

  /** The snapshot with the highest version, or null. */
  getLatestSnapshot<T>(entityId: string): Promise<Snapshot<T> | null>;
}

export interface EventStore extends BasicEventStore {
  /** Appends 1 to 100 events of one entity, contiguous, all or none. The request is copied on entry. */
  appendEvents(request: AppendRequest): Promise<AppendResult>;

  /** Appends to several entities, all or none. Each must state its `expectedVersion`; a command is on all or on none. */
  appendToMany(
    requests: readonly (AppendRequest & { readonly expectedVersion: number })[],
  ): Promise<readonly AppendResult[]>;

  /** The entity's events one after another, a page in memory at a time. */
  readEvents(entityId: string, options?: ReadOptions): AsyncIterable<StoredEvent>;

  /** As `getEventsByType`, lazily. `eventType` undefined: every type of the aggregate. */
  readEventsByType(
    aggregateType: string,
    eventType: string | undefined,
    options?: IndexReadOptions,
  ): AsyncIterable<IndexEntry>;

  /** Keys of an aggregate type's events, in the order of `readEventsByType`, at a fraction of its cost. */
  readKeysByType(aggregateType: string, options?: IndexReadOptions): AsyncIterable<EventKey>;

  /** What one user did, by time, then entity, then sequence number; both times are inclusive. */
  getEventsByUser(userId: string, fromTime?: string, toTime?: string): Promise<StoredEvent[]>;

  /** As `getEventsByUser`, lazily. */
  readEventsByUser(userId: string, options?: IndexReadOptions): AsyncIterable<IndexEntry>;

  /** One page of all events of all entities, for rebuilds; the caller keeps the position and limits the rate. */
  scanEvents(request: ScanRequest): Promise<ScannedPage>;

  /** As `createSnapshot`, with what proves the snapshot. @returns whether it was stored */
  storeSnapshot(snapshot: NewSnapshot, options?: SnapshotOptions): Promise<boolean>;

  /** Snapshots from the highest version down, at or below `atMost` when given. Unreadable ones are passed over. */
  readSnapshots(entityId: string, query?: SnapshotQuery): AsyncIterable<Snapshot>;

  /** Marks a snapshot for removal by time to live at `expiresAt`. */
  expireSnapshot(entityId: string, version: number, expiresAt: Date): Promise<void>;

  /** The entity's last 100 commands, as far as they carry an id; strongly consistent. */
  getRecentCommands(entityId: string): Promise<CommandLog>;

  /** What came of a command that stored nothing, when that was in the last 24 hours; strongly consistent. */
  findOutcome(entityId: string, commandId: string): Promise<CommandOutcome | undefined>;

  /** Remembers what came of a command that stored nothing. @returns what is remembered: the first outcome */
  rememberOutcome(outcome: CommandOutcome): Promise<void>;

  /** Makes an aggregate's event types known. @throws {InvalidArgumentError} when they are declared otherwise already */
  declare(aggregate: AggregateEventTypes): void;

  /** The newest version of the entity that this process has loaded or stored; undefined when unknown. */
  knownVersion(entityId: string): number | undefined;
}
