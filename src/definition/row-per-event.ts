import type { AnySchema, InferOutput, Reparsable } from "../event-store/index.ts";
import type { AnyAggregateDefinition } from "./aggregate.ts";
import type { PlainJson, StoredEventOf } from "./event.ts";
import { checkAggregates, checkTypes, type EventsOf, routeByAggregate, type StoredEventFrom } from "./handlers.ts";
import {
  checkProjection,
  checkProjectionFields,
  type ListPlace,
  type ProjectionDeclaration,
  type RowPerEvent,
  rowChecker,
} from "./projection.ts";

export interface RowPerEventDefinition<Row, List extends string> extends RowPerEvent<Row> {
  readonly lists: { readonly [Name in List]: (row: Row, key: string) => ListPlace | undefined };
}

type ToRow<Row, Event> = (event: Event) => Row | undefined;

/** Handlers of one aggregate's events, or one for all of them. */
type HandlersOf<A extends AnyAggregateDefinition, Row> =
  | { readonly [Name in keyof EventsOf<A>]?: ToRow<Row, StoredEventOf<EventsOf<A>, Name>> }
  | ToRow<Row, StoredEventFrom<A>>;

/** Of several aggregates: by aggregate type, or one for all events. */
type HandlersOfAll<A extends AnyAggregateDefinition, Row> =
  | { readonly [Type in A["aggregateType"]]?: HandlersOf<Extract<A, { readonly aggregateType: Type }>, Row> }
  | ToRow<Row, StoredEventFrom<A>>;

type Aggregates = AnyAggregateDefinition | readonly AnyAggregateDefinition[];

/** By event its row, undefined for none; by aggregate type first where there are several; or one function for all. Pure. */
type Handlers<A extends Aggregates, Row> = A extends readonly AnyAggregateDefinition[]
  ? HandlersOfAll<A[number], Row>
  : A extends AnyAggregateDefinition
    ? HandlersOf<A, Row>
    : never;

interface Declaration<A extends Aggregates, RowSchema extends AnySchema, List extends string>
  extends ProjectionDeclaration {
  readonly of: A;
  /** A row that does not fit parks its entity. */
  readonly row: RowSchema & Reparsable<RowSchema> & PlainJson<RowSchema>;
  readonly on: NoInfer<Handlers<A, InferOutput<RowSchema>>>;
  /** Up to four lists by name; undefined keeps a row out of one. */
  readonly lists?: {
    readonly [Name in List]: (row: InferOutput<RowSchema>, key: string) => ListPlace | undefined;
  };
}

/**
 * Declares a read model of one row an event, for histories that must not grow inside one row.
 *
 * @throws {InvalidArgumentError} naming what is missing, unknown or reserved
 */
export function rowPerEvent<const A extends Aggregates, RowSchema extends AnySchema, const List extends string = never>(
  declaration: Declaration<A, RowSchema, List>,
): RowPerEventDefinition<InferOutput<RowSchema>, List> {
  type Row = InferOutput<RowSchema>;
  checkProjectionFields(declaration, { lists: true });
  const { name, version, feed, of, row: schema, lists } = declaration;
  const on: unknown = declaration.on;
  const aggregates = [of].flat() as readonly AnyAggregateDefinition[];
  checkAggregates(`projection ${name}: of`, aggregates);
  const byType = Array.isArray(of) && typeof on === "object" && on !== null ? new Map(Object.entries(on)) : undefined;
  if (byType) checkTypes(`projection ${name}: on`, Object.fromEntries(byType), aggregates);
  const { from, find } = routeByAggregate<ToRow<Row, unknown>>(name, aggregates, (type) =>
    byType ? byType.get(type) : on,
  );
  const check = rowChecker(name, schema);
  return checkProjection({
    kind: "row-per-event",
    name,
    version,
    feed,
    from,
    aggregates,
    lists: lists ?? ({} as NonNullable<typeof lists>),
    row(event) {
      const row = find(event)?.(event);
      if (row !== undefined) check(row);
      return row;
    },
  });
}
