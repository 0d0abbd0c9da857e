import { type CommandResult, createCommandHandler, type ServiceCommandRequest } from "../aggregate/index.ts";
import type {
  AggregateOf,
  AnyAggregateDefinition,
  ListOf,
  Projection,
  PublishedEventOf,
  RowOf,
  ServiceDefinition,
  StateOf,
} from "../definition/index.ts";
import { takesAggregate } from "../definition/index.ts";
import {
  checkFields,
  type Fields,
  InMemoryEventStore,
  InvalidArgumentError,
  type ScannedEvent,
  type StoredEvent,
} from "../event-store/index.ts";
import { createInMemoryRowReader, InMemoryRows, type RowReader, type RowReaderOf } from "../projector/index.ts";
import { type Envelope, envelopeOf } from "../publisher/index.ts";
import { isSnapshotDue, makeSnapshot } from "../snapshotter/index.ts";
import { DEFAULT_METADATA } from "./given-events.ts";

export interface InMemoryOptions {
  /** What commands and events see as the time. Default: 2026-01-01T00:00:00.000Z, standing still. */
  readonly clock?: () => Date;
  /** As the stage would have it. Default false. */
  readonly publishUserId?: boolean;
}

/** A service without tables: commands become events, rows and published events, as in production. */
export interface InMemoryService<Service> {
  readonly store: InMemoryEventStore;
  /** Runs a command. @throws {Rejection} {ConcurrencyError} {CommandSchemaError} {EventSchemaError} */
  handle<Type extends AggregateOf<Service>["aggregateType"]>(
    aggregateType: Type,
    entityId: string,
    command: ServiceCommandRequest<Extract<AggregateOf<Service>, { readonly aggregateType: Type }>>["command"],
    more?: Sent<Extract<AggregateOf<Service>, { readonly aggregateType: Type }>>,
  ): Promise<CommandResult<StateOf<Extract<AggregateOf<Service>, { readonly aggregateType: Type }>>>>;
  /**
   * Brings all that is stored to every projection, publishes it and makes the snapshots that are due.
   *
   * @throws {EventHandlingError} for an event that a projection, or its published shape, cannot take: it would be parked
   */
  settled(): Promise<void>;
  /** The rows of a projection, as of the last `settled()`. */
  rows<P extends Projection>(projection: P): RowReaderOf<P>;
  /** What was published, in the order of its entities' events. */
  readonly published: readonly Published<Service>[];
}

/** A command; who sends it is "ann" by default. */
type Sent<A extends AnyAggregateDefinition> = Omit<
  ServiceCommandRequest<A>,
  "userId" | "correlationId" | "entityId" | "command"
> & {
  readonly userId?: string;
  readonly correlationId?: string;
};

/** A published event with the types of the service's declaration. */
type Published<Service> =
  PublishedEventOf<Service> extends infer Event
    ? Event extends { readonly data: unknown }
      ? Omit<Envelope, keyof Event> & Event
      : never
    : never;

/**
 * A service in memory, for tests of what it does as a whole.
 *
 * @example
 * const shop = inMemory(productService);
 * await shop.handle("Product", "p-1", { type: "CreateProduct", data: { name: "Tea", price } });
 * await shop.settled();
 * expect(await shop.rows(productCatalog).row("p-1")).toMatchObject({ version: 1, row: { name: "Tea" } });
 */
export function inMemory<Service extends ServiceDefinition>(
  service: Service,
  options: InMemoryOptions = {},
): InMemoryService<Service> {
  checkFields("options", options, OPTIONS);
  const { clock = () => new Date(DEFAULT_METADATA.now), publishUserId } = options;
  const aggregates = Object.values(service.aggregates);
  const store = new InMemoryEventStore({ aggregates, clock });
  const run = createCommandHandler(service, { store, clock });
  const models = new Map<Projection, { readonly rows: InMemoryRows; readonly upTo: ReadonlyMap<string, number> }>();
  let settling = Promise.resolve();
  const published: Envelope[] = [];

  /** Each projection, the publisher and the snapshotter go on from where they are, whatever became of the others. */
  const readers: readonly Reader[] = [
    ...service.projections.map((projection) => ({
      upTo: new Map<string, number>(),
      concerns: ({ aggregateType }: StoredEvent) => takesAggregate(projection, aggregateType),
      take: async (event: StoredEvent) => models.get(projection)?.rows.take(event),
    })),
    { upTo: new Map(), concerns: () => true, take: publish },
    { upTo: new Map(), concerns: () => true, take: snapshot },
  ];
  for (const [n, { upTo }] of readers.entries()) {
    const projection = service.projections[n];
    if (projection) models.set(projection, { rows: new InMemoryRows(projection), upTo });
  }

  async function publish(event: StoredEvent): Promise<void> {
    const { publicEvents } = service;
    const envelope = envelopeOf(event, { publicEvents, publishUserId });
    if (envelope) published.push(envelope);
  }

  async function snapshot(event: StoredEvent): Promise<void> {
    const aggregate = aggregates.find(({ aggregateType }) => aggregateType === event.aggregateType);
    if (aggregate && isSnapshotDue(aggregate.snapshots ?? {}, event))
      await makeSnapshot({ store, aggregates, clock }, aggregate, event.entityId);
  }

  async function settle(): Promise<void> {
    const { events } = await store.scanEvents({ segment: 0, segments: 1 });
    const results = await Promise.allSettled(readers.map((reader) => bringUp(reader, events)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  async function bringUp({ upTo, take, concerns }: Reader, events: readonly ScannedEvent[]): Promise<void> {
    const failed = new Map<string, unknown>();
    for (const { entityId, sequenceNumber } of events) {
      if (failed.has(entityId) || sequenceNumber <= (upTo.get(entityId) ?? 0)) continue;
      try {
        const [event] = (await store.getEvents(entityId, sequenceNumber, sequenceNumber)).filter(concerns);
        if (!event) continue;
        await take(event);
        upTo.set(entityId, sequenceNumber);
      } catch (error) {
        failed.set(entityId, error);
      }
    }
    for (const error of failed.values()) throw error;
  }

  return {
    store,
    handle: (aggregateType, entityId, command, more) =>
      run(aggregateType, {
        userId: DEFAULT_METADATA.userId,
        correlationId: DEFAULT_METADATA.correlationId,
        ...more,
        entityId,
        command,
      } as never),
    settled() {
      settling = settling.then(settle, settle);
      return settling;
    },
    rows<P extends Projection>(projection: P): RowReader<RowOf<P>, ListOf<P>> {
      const model = models.get(projection);
      if (!model)
        throw new InvalidArgumentError(
          "projection",
          projection.name,
          `one of ${service.projections.map(({ name }) => name).join(", ")}`,
        );
      return createInMemoryRowReader(projection, model.rows, (entityId) => model.upTo.get(entityId) ?? 0);
    },
    get published() {
      return published as Published<Service>[];
    },
  };
}

/** Takes events, each entity's in order. */
interface Reader {
  readonly upTo: Map<string, number>;
  readonly concerns: (event: StoredEvent) => boolean;
  take(event: StoredEvent): Promise<void>;
}

const OPTIONS: Fields<InMemoryOptions> = { clock: true, publishUserId: true };
