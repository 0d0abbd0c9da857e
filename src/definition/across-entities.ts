import { type AnySchema, type InferOutput, InvalidArgumentError, type Reparsable } from "../event-store/index.ts";
import type { AnyAggregateDefinition } from "./aggregate.ts";
import type { PlainJson, StoredEventOf } from "./event.ts";
import { checkAggregates, checkTypes, type EventsOf, routeByAggregate, type StoredEventFrom } from "./handlers.ts";
import {
  checkProjection,
  checkProjectionFields,
  type ProjectionDeclaration,
  type RowKey,
  type Rows,
  type RowsAcrossEntities,
  rowChecker,
} from "./projection.ts";

type Change<Row, Event> = (rows: Rows<Row>, event: Event) => Promise<void> | void;

type HandlersOf<A extends AnyAggregateDefinition, Row> =
  | { readonly [Name in keyof EventsOf<A>]?: Change<Row, StoredEventOf<EventsOf<A>, Name>> }
  | Change<Row, StoredEventFrom<A>>;

interface Declaration<A extends readonly AnyAggregateDefinition[], RowSchema extends AnySchema>
  extends ProjectionDeclaration {
  readonly of: A;
  /** A row that does not fit parks the entity whose event set it. */
  readonly row: RowSchema & Reparsable<RowSchema> & PlainJson<RowSchema>;
  /**
   * By aggregate type and event: reads and changes rows, each got before it is set. The same rows must come out in
   * whichever order events of different entities arrive.
   */
  readonly on: NoInfer<{
    readonly [Type in A[number]["aggregateType"]]?: HandlersOf<
      Extract<A[number], { readonly aggregateType: Type }>,
      InferOutput<RowSchema>
    >;
  }>;
  /** Rows that the event is known to need, read ahead together. Default: none, each is read when it is asked for. */
  readonly needs?: (event: StoredEventFrom<A[number]>) => readonly RowKey[];
}

/**
 * Declares a read model whose rows belong to several entities: counters, trees, indexes.
 *
 * @throws {InvalidArgumentError} naming what is missing, unknown or reserved
 */
export function acrossEntities<const A extends readonly AnyAggregateDefinition[], RowSchema extends AnySchema>(
  declaration: Declaration<A, RowSchema>,
): RowsAcrossEntities<InferOutput<RowSchema>> {
  type Row = InferOutput<RowSchema>;
  checkProjectionFields(declaration, { needs: true });
  const { name, version, feed, of, row: schema, on, needs } = declaration;
  if (!Array.isArray(of)) throw new InvalidArgumentError(`projection ${name}: of`, of, "a list of aggregates");
  checkAggregates(`projection ${name}: of`, of);
  checkTypes(`projection ${name}: on`, on, of);
  const byType = new Map<string, unknown>(Object.entries(on));
  const { from, find } = routeByAggregate<Change<Row, unknown>>(name, of, (type) => byType.get(type));
  const check = rowChecker(name, schema);
  return checkProjection({
    kind: "rows-across-entities",
    name,
    version,
    feed,
    from,
    aggregates: of,
    ...(needs ? { needs: (event) => needs(event as StoredEventFrom<A[number]>) } : {}),
    async change(event, rows) {
      await find(event)?.(checkedRows(rows, check), event);
    },
  });
}

const checkedRows = <Row>(rows: Rows<Row>, check: (row: unknown) => void): Rows<Row> => ({
  get: (at) => rows.get(at),
  set(at, row) {
    check(row);
    rows.set(at, row);
  },
  remove: (at) => rows.remove(at),
});
