import {
  type AggregateEventTypes,
  checkFields,
  type Fields,
  InvalidArgumentError,
  type StoredEvent,
} from "../event-store/index.ts";

/** Which events a projection takes: event types by aggregate type. */
export type EventSelection = Readonly<Record<string, readonly string[]>>;

/** Where a row stands in a list: lists are read in the order of `sort` within one `partition`. */
export interface ListPlace {
  readonly partition: string;
  readonly sort: string;
}

/** Up to four lists by name; undefined keeps the row out of the list. */
export type Lists<Row> = Readonly<Record<string, (row: Row, key: string) => ListPlace | undefined>>;

interface Common {
  readonly name: string;
  /** Raise it when rows come out differently: each build belongs to one version. Default 1. */
  readonly version?: number;
  readonly from: EventSelection;
}

/** The row is the fold of one entity's events; it carries its own checkpoint, so a batch costs one write. */
export interface RowPerEntity<Row> extends Common {
  readonly kind: "row-per-entity";
  readonly lists?: Lists<Row>;
  /** Undefined: there is no row. Pure. */
  evolve(row: Row | undefined, event: StoredEvent): Row | undefined;
}

/** One row for each event that matters, for histories that must not grow inside one row. */
export interface RowPerEvent<Row> extends Common {
  readonly kind: "row-per-event";
  readonly lists?: Lists<Row>;
  /** Undefined: the event leaves no row. Pure. */
  row(event: StoredEvent): Row | undefined;
}

export interface RowKey {
  readonly partition: string;
  readonly key: string;
}

/** The rows that an event may read and change; all changes of a batch are stored together or not at all. */
export interface Rows<Row> {
  get(at: RowKey): Promise<Row | undefined>;
  set(at: RowKey, row: Row): void;
  remove(at: RowKey): void;
}

/**
 * An event may change several rows, counters included. `change` must give the same rows in
 * whichever order events of different entities arrive, for no order is promised between entities.
 */
export interface RowsAcrossEntities<Row> extends Common {
  readonly kind: "rows-across-entities";
  /** Rows that the event is known to need, read ahead together. */
  needs?(event: StoredEvent): readonly RowKey[];
  change(event: StoredEvent, rows: Rows<Row>): Promise<void>;
}

export type Projection<Row = unknown> = RowPerEntity<Row> | RowPerEvent<Row> | RowsAcrossEntities<Row>;

export const MAX_LISTS = 4;

const RESERVED = new Set(["publisher"]);

/** "@" and "#" separate the parts of a row's key. */
const NAME = /^[a-z][a-z0-9-]{0,63}$/;

const COMMON: Fields<Common> & { readonly kind: true } = { name: true, version: true, from: true, kind: true };

const FIELDS = {
  "row-per-entity": { ...COMMON, lists: true, evolve: true },
  "row-per-event": { ...COMMON, lists: true, row: true },
  "rows-across-entities": { ...COMMON, needs: true, change: true },
} satisfies { readonly [Kind in Projection["kind"]]: Fields<Extract<Projection, { kind: Kind }>> };

/**
 * Declares a read model.
 *
 * @throws {InvalidArgumentError} for a field or a kind that there is not
 * @throws {TypeError} when the name cannot be part of a key or there are too many lists
 */
export function defineProjection<Row, P extends Projection<Row>>(projection: P & Projection<Row>): P {
  const kind: string = projection.kind;
  if (!Object.hasOwn(FIELDS, kind))
    throw new InvalidArgumentError("projection.kind", kind, `one of ${Object.keys(FIELDS).join(", ")}`);
  checkFields<object>("projection", projection, FIELDS[projection.kind]);
  if (RESERVED.has(projection.name)) {
    throw new TypeError(
      `projection name: ${projection.name} is reserved, for the publisher's parked entities are listed by it`,
    );
  }
  if (!NAME.test(projection.name)) {
    throw new TypeError(`projection name: expected lower-case letters, digits and dashes, got ${projection.name}`);
  }
  const lists = "lists" in projection ? Object.keys(projection.lists ?? {}) : [];
  if (lists.length > MAX_LISTS) {
    throw new TypeError(`projection ${projection.name}: expected at most ${MAX_LISTS} lists, got ${lists.length}`);
  }
  return projection;
}

/** @throws {InvalidArgumentError} for an aggregate, or an event of one, that is not among those declared */
export function checkSelection({ name, from }: Common, aggregates: readonly AggregateEventTypes[]): void {
  for (const [aggregateType, eventTypes] of Object.entries(from)) {
    const known = aggregates.filter((one) => one.aggregateType === aggregateType);
    const field = `projection ${name}: from`;
    if (known.length === 0) {
      const types = aggregates.map((one) => one.aggregateType).join(", ");
      throw new InvalidArgumentError(field, aggregateType, `one of the aggregates ${types}`);
    }
    const events = known.flatMap((one) => Object.keys(one.eventTypes));
    for (const eventType of eventTypes)
      if (!events.includes(eventType))
        throw new InvalidArgumentError(`${field}.${aggregateType}`, eventType, `one of ${events.join(", ")}`);
  }
}

export const versionOf = (projection: Pick<Common, "version">): number => projection.version ?? 1;

export const takesAggregate = ({ from }: Pick<Common, "from">, aggregateType: string): boolean =>
  Object.hasOwn(from, aggregateType);

export const takesEvent = ({ from }: Pick<Common, "from">, event: StoredEvent): boolean =>
  from[event.aggregateType]?.includes(event.eventType) ?? false;
