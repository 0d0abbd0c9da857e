import { InvalidArgumentError, type StoredEvent } from "../event-store/index.ts";
import type { AnyAggregateDefinition } from "./aggregate.ts";
import type { StoredEventOf } from "./event.ts";
import type { EventSelection } from "./projection.ts";

// biome-ignore lint/suspicious/noExplicitAny: the events of an aggregate of any state and commands
export type EventsOf<A> = A extends { readonly events: infer Events extends Record<string, any> } ? Events : never;

/** The events of one aggregate, or of several. */
export type StoredEventFrom<A extends AnyAggregateDefinition> = A extends AnyAggregateDefinition
  ? StoredEventOf<EventsOf<A>> & { readonly aggregateType: A["aggregateType"] }
  : never;

/** Which events a projection takes, and what it does with each. */
export interface Routing<Handler> {
  readonly from: EventSelection;
  find(event: StoredEvent): Handler | undefined;
}

/**
 * Finds the handler of an event by its aggregate and type.
 *
 * @throws {InvalidArgumentError} for a handler of an event that its aggregate has not
 */
export function routeByAggregate<Handler>(
  name: string,
  aggregates: readonly AnyAggregateDefinition[],
  handlersOf: (aggregateType: string) => unknown,
): Routing<Handler> {
  const routes = aggregates.map((aggregate) => {
    const { aggregateType } = aggregate;
    return [aggregateType, handlersByType(`projection ${name}: on`, aggregate, handlersOf(aggregateType))] as const;
  });
  const byAggregate = new Map(routes);
  const taken = routes.filter(([, handlers]) => handlers.size > 0);
  if (taken.length === 0)
    throw new InvalidArgumentError(`projection ${name}: on`, {}, "a handler of at least one event");
  return {
    from: Object.fromEntries(taken.map(([aggregateType, handlers]) => [aggregateType, [...handlers.keys()]])),
    find: ({ aggregateType, eventType }) => byAggregate.get(aggregateType)?.get(eventType) as Handler | undefined,
  };
}

function handlersByType(
  field: string,
  { aggregateType, events }: AnyAggregateDefinition,
  handlers: unknown,
): ReadonlyMap<string, unknown> {
  const names = Object.keys(events);
  if (typeof handlers === "function") return new Map(names.map((name) => [name, handlers]));
  const given = Object.entries((handlers ?? {}) as object).filter(([, handler]) => handler !== undefined);
  for (const [name, handler] of given) {
    if (!names.includes(name))
      throw new InvalidArgumentError(field, name, `an event of ${aggregateType}: ${names.join(", ")}`);
    if (typeof handler !== "function") throw new InvalidArgumentError(`${field}.${name}`, handler, "a function");
  }
  return new Map(given);
}

/** @throws {InvalidArgumentError} for what is no declared aggregate, and for one that is named twice */
export function checkAggregates(field: string, aggregates: readonly unknown[]): void {
  const types = new Set<string>();
  for (const one of aggregates) {
    const isAggregate = typeof one === "object" && one !== null && "aggregateType" in one && "events" in one;
    if (!isAggregate) throw new InvalidArgumentError(field, one, "an aggregate that defineAggregate has given");
    const type = String(one.aggregateType);
    if (types.has(type)) throw new InvalidArgumentError(field, type, "each aggregate type once");
    types.add(type);
  }
}

/** @throws {InvalidArgumentError} for an aggregate type that is not one of these */
export function checkTypes(field: string, given: object, aggregates: readonly AnyAggregateDefinition[]): void {
  const types = aggregates.map(({ aggregateType }) => aggregateType);
  for (const type of Object.keys(given))
    if (!types.includes(type)) throw new InvalidArgumentError(field, type, `one of the aggregates ${types.join(", ")}`);
}
