import {
  type AggregateEventTypes,
  type AnySchema,
  checkFields,
  describeIssues,
  type Fields,
  InvalidArgumentError,
  isThenable,
  type StoredEvent,
} from "../event-store/index.ts";
import { isSchema } from "./event.ts";

/** Which events a projection takes: event types by aggregate type. */
export type EventSelection = Readonly<Record<string, readonly string[]>>;

/** Where a row stands in a list: lists are read in the order of `sort` within one `partition`. */
export interface ListPlace {
  readonly partition: string;
  readonly sort: string;
}

/** The place of a row in one list, undefined to keep it out; `key` is the row's own, for an order among equals. */
export type ListBy<Row> = {
  // A method, so that a projection of some row is a projection of any.
  place(row: Row, key: string): ListPlace | undefined;
}["place"];

/** Up to four lists by name. */
export type Lists<Row> = Readonly<Record<string, ListBy<Row>>>;

/** What feeds a projection: the table stream, or the bus through a queue. */
export type Feed = "stream" | "bus";

/** The row is the fold of one entity's events; it carries its own checkpoint, so a batch costs one write. */
export interface RowPerEntity<Row> extends Common {
  readonly kind: "row-per-entity";
  readonly lists?: Lists<Row> | undefined;
  /** Undefined: there is no row. Pure. */
  evolve(row: Row | undefined, event: StoredEvent): Row | undefined;
}

/** One row for each event that matters, for histories that must not grow inside one row. */
export interface RowPerEvent<Row> extends Common {
  readonly kind: "row-per-event";
  readonly lists?: Lists<Row> | undefined;
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

export type RowOf<P> = P extends Projection<infer Row> ? Row : never;

/** The names of a projection's lists. */
export type ListOf<P> = P extends { readonly lists?: infer L } ? keyof NonNullable<L> & string : never;

/** What every declaration of a projection has. */
export interface ProjectionDeclaration {
  /** 1 to 64 lower-case letters, digits and dashes. */
  readonly name: string;
  /** Raise it when rows come out differently, and rebuild. Default 1. */
  readonly version?: number;
  /** Default "stream". */
  readonly feed?: Feed;
}

interface Common {
  readonly name: string;
  /** Raise it when rows come out differently: each build belongs to one version. Default 1. */
  readonly version?: number | undefined;
  /** Default "stream". */
  readonly feed?: Feed | undefined;
  readonly from: EventSelection;
  /** The aggregates whose events it takes, where they are declared. */
  readonly aggregates?: readonly AggregateEventTypes[] | undefined;
}

export const MAX_LISTS = 4;

/** "@" and "#" separate the parts of a row's key. */
const NAME = /^[a-z][a-z0-9-]{0,63}$/;

/** The publisher's parked entities are listed under this name. */
const RESERVED = "publisher";

/** @throws {InvalidArgumentError} for an invalid name or version, or too many lists */
export function checkProjection<P extends Projection>(projection: P): P {
  const { name, version = 1, feed = "stream" } = projection;
  if (name === RESERVED)
    throw new InvalidArgumentError("projection.name", name, `another name: the publisher's parked entities have it`);
  if (typeof name !== "string" || !NAME.test(name))
    throw new InvalidArgumentError("projection.name", name, "1 to 64 lower-case letters, digits and dashes");
  if (!Number.isSafeInteger(version) || version < 1)
    throw new InvalidArgumentError(`projection ${name}: version`, version, "an integer of at least 1");
  if (feed !== "stream" && feed !== "bus")
    throw new InvalidArgumentError(`projection ${name}: feed`, feed, '"stream" or "bus"');
  const lists = "lists" in projection ? Object.keys(projection.lists ?? {}) : [];
  if (lists.length > MAX_LISTS)
    throw new InvalidArgumentError(`projection ${name}: lists`, lists.length, `at most ${MAX_LISTS} lists`);
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

export const takesEvent = ({ from }: Pick<Common, "from">, event: StoredEvent): boolean =>
  takesAggregate({ from }, event.aggregateType) && (from[event.aggregateType]?.includes(event.eventType) ?? false);

export const takesAggregate = ({ from }: Pick<Common, "from">, aggregateType: string): boolean =>
  Object.hasOwn(from, aggregateType);

/** Checks rows by a schema; what is stored is the row as it was given. */
export function rowChecker(projection: string, schema: AnySchema): (row: unknown) => void {
  return (row) => {
    const result = schema["~standard"].validate(row);
    if (isThenable(result))
      throw new RowSchemaError(projection, [{ path: "row", message: "its schema must be synchronous, and is not" }]);
    if (result.issues) throw new RowSchemaError(projection, describeIssues("row", result.issues));
  };
}

/** A row does not fit the schema of its projection: the event that made it is at fault, and its entity is parked. */
export class RowSchemaError extends Error {
  readonly code = "ROW_SCHEMA";
  constructor(
    readonly projection: string,
    readonly issues: readonly { readonly path: string; readonly message: string }[],
  ) {
    const found = issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
    super(`a row of ${projection} does not fit its schema: ${found}`);
    this.name = "RowSchemaError";
  }
}

const DECLARATION: Fields<ProjectionDeclaration & { of: unknown; row: unknown; on: unknown }> = {
  name: true,
  version: true,
  feed: true,
  of: true,
  row: true,
  on: true,
};

/** @throws {InvalidArgumentError} for a field that this kind of projection has not */
export function checkProjectionFields(declaration: object, more: Readonly<Record<string, true>>): void {
  checkFields<object>("projection", declaration, { ...DECLARATION, ...more });
  const { row, on, lists, needs } = declaration as Readonly<Record<"row" | "on" | "lists" | "needs", unknown>>;
  if (!isSchema(row)) throw new InvalidArgumentError("projection.row", row, "a schema of its rows");
  if ((typeof on !== "object" && typeof on !== "function") || on === null)
    throw new InvalidArgumentError("projection.on", on, "handlers of events");
  for (const [name, place] of Object.entries(lists ?? {}))
    if (typeof place !== "function")
      throw new InvalidArgumentError(`projection.lists.${name}`, place, "a function of the row");
  if (needs !== undefined && typeof needs !== "function")
    throw new InvalidArgumentError("projection.needs", needs, "a function of the event");
}
