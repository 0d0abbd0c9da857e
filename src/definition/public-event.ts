import {
  type AnySchema,
  checkFields,
  type Fields,
  InvalidArgumentError,
  type StoredEvent,
} from "../event-store/index.ts";
import { isSchema } from "./event.ts";

/** How the events of one type are published. */
export interface PublicEvent<Event = StoredEvent> {
  /** False keeps them off the bus. Default true. */
  readonly isPublic?: boolean | undefined;
  readonly publishedAs?: PublicShape<Event> | undefined;
}

/** By aggregate type and event type; an event that is not named is published as it is stored. */
export type PublicEvents = Readonly<Record<string, Readonly<Record<string, PublicEvent | undefined>> | undefined>>;

interface PublicShape<Event> {
  /** Default: the stored event type. */
  readonly eventType?: string | undefined;
  /** Schema version of the public shape. Default: the stored one. */
  readonly version?: string | undefined;
  /** Of `data`, for the published contract and for the types of consumers. Default: none. */
  readonly schema?: AnySchema | undefined;
  // A method, so that the shape of one event's type is a shape of any.
  data(event: Event): unknown;
}

/** How an event is published; of one that is not named: as it is. */
export const publicEventOf = (
  publicEvents: PublicEvents,
  { aggregateType, eventType }: Pick<StoredEvent, "aggregateType" | "eventType">,
): PublicEvent => own(own(publicEvents, aggregateType), eventType) ?? {};

function own<T>(map: Readonly<Record<string, T | undefined>> | undefined, name: string): T | undefined {
  return map !== undefined && Object.hasOwn(map, name) ? map[name] : undefined;
}

const PUBLIC_EVENT: Fields<PublicEvent> = { isPublic: true, publishedAs: true };
const PUBLIC_SHAPE: Fields<PublicShape<unknown>> = { eventType: true, version: true, schema: true, data: true };

/** @throws {InvalidArgumentError} for an event that is not declared, or a misspelt field: the event would be published as it is stored */
export function checkPublicEvents(
  publicEvents: PublicEvents,
  declared: ReadonlyMap<string, readonly string[]> | undefined,
): void {
  for (const [aggregateType, events = {}] of Object.entries(publicEvents)) {
    const field = `publish.${aggregateType}`;
    const names = declared?.get(aggregateType);
    if (declared && !names)
      throw new InvalidArgumentError(field, aggregateType, `one of the aggregates ${[...declared.keys()].join(", ")}`);
    checkFields<object>(field, events, Object.fromEntries((names ?? Object.keys(events)).map((name) => [name, true])));
    for (const [name, definition] of Object.entries(events)) if (definition) checkOne(`${field}.${name}`, definition);
  }
}

function checkOne(field: string, definition: PublicEvent): void {
  checkFields(field, definition, PUBLIC_EVENT);
  const { isPublic, publishedAs } = definition;
  if (isPublic !== undefined && typeof isPublic !== "boolean")
    throw new InvalidArgumentError(`${field}.isPublic`, isPublic, "true or false");
  if (!publishedAs) return;
  checkFields(`${field}.publishedAs`, publishedAs, PUBLIC_SHAPE);
  if (typeof publishedAs.data !== "function")
    throw new InvalidArgumentError(`${field}.publishedAs.data`, publishedAs.data, "a function of the event");
  for (const [name, value] of Object.entries({ eventType: publishedAs.eventType, version: publishedAs.version }))
    if (value !== undefined && (typeof value !== "string" || value === ""))
      throw new InvalidArgumentError(`${field}.publishedAs.${name}`, value, "a non-empty string");
  if (publishedAs.schema !== undefined && !isSchema(publishedAs.schema))
    throw new InvalidArgumentError(`${field}.publishedAs.schema`, publishedAs.schema, "a schema");
}
