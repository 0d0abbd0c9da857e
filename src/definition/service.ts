import {
  type AnySchema,
  checkFields,
  EventTypeRegistry,
  type Fields,
  type InferOutput,
  InvalidArgumentError,
} from "../event-store/index.ts";
import type { AggregateDefinition, AnyAggregateDefinition } from "./aggregate.ts";
import { type CommandRoute, commandRoutes } from "./command-routes.ts";
import type { AsJson, StoredEventOf } from "./event.ts";
import { checkAggregates, type EventsOf } from "./handlers.ts";
import { checkProjection, checkSelection, type Projection } from "./projection.ts";
import { checkPublicEvents, type PublicEvent, type PublicEvents } from "./public-event.ts";

/** The aggregates of a service by their collection in the API: `{ products: product }`. */
export type Collections = Readonly<Record<string, AnyAggregateDefinition>>;

/** How events are published, by aggregate type and event type. */
export type PublishDeclaration<A extends AnyAggregateDefinition> = {
  readonly [Type in A["aggregateType"]]?: {
    readonly [Name in keyof EventsOf<Extract<A, { readonly aggregateType: Type }>>]?: PublicEvent<
      StoredEventOf<EventsOf<Extract<A, { readonly aggregateType: Type }>>, Name>
    >;
  };
};

/** A service: what `defineService` gives, and everything else is derived from. */
export interface ServiceDefinition<
  Aggregates extends Collections = Collections,
  Projections extends readonly Projection[] = readonly Projection[],
  Publish = unknown,
> {
  readonly name: string;
  readonly aggregates: Aggregates;
  readonly projections: Projections;
  /** Of types only: how events are published is `publicEvents`. */
  readonly publish: Publish;
  readonly publicEvents: PublicEvents;
  /** Every event type, told apart by aggregate, for whoever reads stored events. */
  readonly eventTypes: EventTypeRegistry;
  readonly commandRoutes: readonly CommandRoute[];
}

/** The aggregates of a service, as a union. */
export type AggregateOf<Service> = Service extends { readonly aggregates: infer Aggregates extends Collections }
  ? Aggregates[keyof Aggregates]
  : never;

/** An event on the bus, as a consumer sees it: a union over all aggregates. */
export type PublishedEventOf<Service> =
  Service extends ServiceDefinition<infer Aggregates, infer _, infer Publish>
    ? PublishedByAggregate<Aggregates[keyof Aggregates], Publish>
    : never;

/** The state of an aggregate. */
// biome-ignore lint/suspicious/noExplicitAny: an aggregate of any events and commands
export type StateOf<A> = A extends AggregateDefinition<string, infer State, any, any> ? State : never;

/** Refuses names of aggregates, events and fields that there are not. */
type OnlyDeclared<Publish, A extends AnyAggregateDefinition> = {
  readonly [Type in keyof Publish]: Type extends A["aggregateType"]
    ? {
        readonly [Name in keyof Publish[Type]]: Name extends keyof EventsOf<
          Extract<A, { readonly aggregateType: Type }>
        >
          ? { readonly [Field in keyof Publish[Type][Name]]: Field extends keyof PublicEvent ? unknown : never }
          : never;
      }
    : never;
};

interface Declaration<Aggregates extends Collections, Projections extends readonly Projection[], Publish> {
  /** Names tables, bus and the source of published events: letters, digits, dashes. */
  readonly name: string;
  readonly aggregates: Aggregates;
  /** Default: none. */
  readonly projections?: Projections;
  /** Default: every event as it is stored. */
  readonly publish?: Publish &
    PublishDeclaration<Aggregates[keyof Aggregates]> &
    OnlyDeclared<Publish, Aggregates[keyof Aggregates]>;
}

/**
 * Declares a service.
 *
 * @example
 * const shop = defineService({ name: "Shop", aggregates: { products: product }, projections: [catalog] });
 * @throws {InvalidArgumentError} for two aggregates of one type, two projections of one name, a projection of an
 * aggregate that the service has not, a reserved name, two commands of one route
 */
export function defineService<
  const Aggregates extends Collections,
  const Projections extends readonly Projection[] = readonly [],
  const Publish extends PublishDeclaration<Aggregates[keyof Aggregates]> = Record<never, never>,
>(declaration: Declaration<Aggregates, Projections, Publish>): ServiceDefinition<Aggregates, Projections, Publish> {
  checkFields("service", declaration, DECLARATION);
  const { name, aggregates } = declaration;
  if (declaration.projections !== undefined && !Array.isArray(declaration.projections))
    throw new InvalidArgumentError("service.projections", declaration.projections, "a list of projections");
  const projections = declaration.projections ?? ([] as readonly Projection[] as Projections);
  const publicEvents = (declaration.publish ?? {}) as PublicEvents;
  if (typeof name !== "string" || !SERVICE_NAME.test(name))
    throw new InvalidArgumentError("service.name", name, "1 to 64 letters, digits and dashes, a letter first");
  const all = Object.values(aggregates);
  checkCollections(aggregates);
  checkAggregates("service.aggregates", all);
  checkProjections(projections, all);
  checkPublicEvents(publicEvents, new Map(all.map((one) => [one.aggregateType, Object.keys(one.events)])));
  return {
    name,
    aggregates,
    projections,
    publish: (declaration.publish ?? {}) as Publish,
    publicEvents,
    eventTypes: new EventTypeRegistry({}, all),
    commandRoutes: commandRoutes(aggregates),
  };
}

const DECLARATION: Fields<Declaration<Collections, readonly Projection[], unknown>> = {
  name: true,
  aggregates: true,
  projections: true,
  publish: true,
};

const SERVICE_NAME = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;
const COLLECTION = /^[a-z][a-zA-Z0-9-]{0,63}$/;
/** Paths of the library's own queries, and what a client has beside its collections. */
const RESERVED_COLLECTIONS = new Set(["entities", "projections", "get", "then"]);

function checkCollections(aggregates: Collections): void {
  if (typeof aggregates !== "object" || aggregates === null || Object.keys(aggregates).length === 0)
    throw new InvalidArgumentError("service.aggregates", aggregates, "at least one aggregate by its collection");
  for (const collection of Object.keys(aggregates)) {
    if (RESERVED_COLLECTIONS.has(collection))
      throw new InvalidArgumentError("service.aggregates", collection, "another collection: the library has this name");
    if (!COLLECTION.test(collection))
      throw new InvalidArgumentError("service.aggregates", collection, "a collection of letters, digits and dashes");
  }
}

function checkProjections(projections: readonly Projection[], aggregates: readonly AnyAggregateDefinition[]): void {
  const names = new Set<string>();
  for (const projection of projections) {
    checkProjection(projection);
    checkSelection(projection, aggregates);
    if (names.has(projection.name))
      throw new InvalidArgumentError("service.projections", projection.name, "each projection name once");
    names.add(projection.name);
  }
}

type PublishedByAggregate<A extends AnyAggregateDefinition, Publish> = A extends AnyAggregateDefinition
  ? {
      [Name in keyof EventsOf<A> & string]: PublishedOne<
        A["aggregateType"],
        StoredEventOf<EventsOf<A>, Name>,
        At<At<Publish, A["aggregateType"]>, Name>
      >;
    }[keyof EventsOf<A> & string]
  : never;

type At<T, Name extends string> = T extends { readonly [N in Name]: infer Found } ? Found : unknown;

type PublishedOne<
  AggregateType extends string,
  Event extends { eventType: string; eventData: unknown },
  Public,
> = Public extends { readonly isPublic: false }
  ? never
  : Public extends { readonly publishedAs: infer Shape }
    ? {
        readonly aggregateType: AggregateType;
        readonly eventType: Shape extends { readonly eventType: infer Type extends string } ? Type : Event["eventType"];
        readonly data: ShapeData<Shape>;
      }
    : {
        readonly aggregateType: AggregateType;
        readonly eventType: Event["eventType"];
        readonly data: Event["eventData"];
      };

type ShapeData<Shape> = Shape extends { readonly schema: infer Schema extends AnySchema }
  ? AsJson<InferOutput<Schema>>
  : // biome-ignore lint/suspicious/noExplicitAny: the event that the shape is made of
    Shape extends { readonly data: (event: any) => infer Data }
    ? AsJson<Data>
    : unknown;
