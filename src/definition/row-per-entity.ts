import { type AnySchema, deepFreeze, type InferOutput, type Reparsable } from "../event-store/index.ts";
import type { AnyAggregateDefinition } from "./aggregate.ts";
import type { PlainJson, StoredEventOf } from "./event.ts";
import { checkAggregates, type EventsOf, routeByAggregate, type StoredEventFrom } from "./handlers.ts";
import {
  checkProjection,
  checkProjectionFields,
  type ListPlace,
  type ProjectionDeclaration,
  type RowPerEntity,
  rowChecker,
} from "./projection.ts";

export interface RowPerEntityDefinition<Row, List extends string> extends RowPerEntity<Row> {
  readonly lists: { readonly [Name in List]: (row: Row, key: string) => ListPlace | undefined };
}

type Evolve<Row, Event> = (row: Row | undefined, event: Event) => Row | undefined;

/** By event the next row, undefined for none; or one function for every event. Pure; the row is frozen. */
type Handlers<A extends AnyAggregateDefinition, Row> =
  | { readonly [Name in keyof EventsOf<A>]?: Evolve<Row, StoredEventOf<EventsOf<A>, Name>> }
  | Evolve<Row, StoredEventFrom<A>>;

interface Declaration<A extends AnyAggregateDefinition, RowSchema extends AnySchema, List extends string>
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
 * Declares a read model of one row an entity: the fold of its events.
 *
 * @throws {InvalidArgumentError} naming what is missing, unknown or reserved
 */
export function rowPerEntity<
  A extends AnyAggregateDefinition,
  RowSchema extends AnySchema,
  const List extends string = never,
>(declaration: Declaration<A, RowSchema, List>): RowPerEntityDefinition<InferOutput<RowSchema>, List> {
  type Row = InferOutput<RowSchema>;
  checkProjectionFields(declaration, { lists: true });
  const { name, version, feed, of, row: schema, on, lists } = declaration;
  checkAggregates(`projection ${name}: of`, [of]);
  const { from, find } = routeByAggregate<Evolve<Row, unknown>>(name, [of], () => on);
  const check = rowChecker(name, schema);
  return checkProjection({
    kind: "row-per-entity",
    name,
    version,
    feed,
    from,
    aggregates: [of],
    lists: lists ?? ({} as NonNullable<typeof lists>),
    evolve(before, event) {
      const row = find(event)?.(deepFreeze(before), event);
      if (row !== undefined) check(row);
      return row;
    },
  });
}
