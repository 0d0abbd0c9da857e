import { EventSchemaError, InvalidArgumentError, UnknownEventVersionError, UpcastError } from "./errors.ts";
import type { StoredEvent } from "./event.ts";
import type { JsonObject } from "./json.ts";
import { describeIssues, type StandardResult, type StandardSchema } from "./standard-schema.ts";
import { dropPromise, isThenable } from "./thrown.ts";

/** One step from an older schema version to a newer one. Pure; sees the payload as stored, and must not change it. */
export interface Upcaster {
  readonly to: string;
  readonly upcast: (eventData: JsonObject) => JsonObject;
  /** The type that the event is read as from this step on, for a type that was renamed; `to` is a version of that type. */
  readonly eventType?: string;
}

export interface EventTypeDefinition {
  /** The schema version that is written today. Default "1.0". */
  readonly version?: string;
  /** Checked before storing; what it puts out is what is stored. */
  readonly schema?: StandardSchema;
  /** By the version they start from. */
  readonly upcasters?: Readonly<Record<string, Upcaster>>;
  /** The event was renamed: the type is read by its upcasters, and not stored any more. Default false. */
  readonly isFormer?: boolean;
}

/** Event types by name. A type that is not listed is stored as "1.0" and read as it stands. */
export type EventTypes = Readonly<Record<string, EventTypeDefinition>>;

/** An aggregate's declaration of its events. */
export interface AggregateEventTypes {
  readonly aggregateType: string;
  readonly eventTypes: EventTypes;
}

/** Event types by name alone, or told apart by aggregate. */
export type EventTypeLookup = EventTypes | EventTypeRegistry;

/** What the schema makes of a payload, or a promise of it. @throws {EventSchemaError} naming the path of everything that does not fit */
export function checkSchema(schema: StandardSchema, eventType: string, eventData: unknown): unknown {
  const first = schema["~standard"].validate(eventData);
  if (!isThenable(first)) return outputOf(eventType, first);
  // What is given is taken now: a schema that waits is given a copy, and what it made of the original is dropped.
  dropPromise(first);
  return Promise.resolve(schema["~standard"].validate(structuredClone(eventData))).then((result) =>
    outputOf(eventType, result),
  );
}

function outputOf(eventType: string, result: StandardResult): unknown {
  const { issues } = result;
  if (!issues) return "value" in result ? result.value : undefined;
  throw new EventSchemaError(eventType, describeIssues("eventData", issues));
}

/**
 * Steps an event from the schema version it was stored at to the current one, and from the type it was stored as to
 * the one it was renamed to.
 *
 * @throws {UnknownEventVersionError} when no chain of upcasters leads to the current version
 * @throws {UpcastError} when one of them throws or returns something other than an object
 */
export function upcast(types: EventTypeLookup, event: StoredEvent): StoredEvent {
  let { eventType, version, eventData } = event;
  const passed = new Set<string>();
  for (;;) {
    const definition = findIn(types, event.aggregateType, eventType);
    if (!definition) break;
    const step = definition.upcasters?.[version];
    if (!step && isCurrentVersion(definition, version)) break;
    const place = `${eventType} ${version}`;
    if (!step || passed.has(place)) throw unknownVersion(event, definition);
    passed.add(place);
    eventData = stepUp(event, version, () => step.upcast(eventData));
    version = step.to;
    eventType = step.eventType ?? eventType;
  }
  return version === event.version && eventType === event.eventType
    ? event
    : { ...event, eventType, version, eventData };
}

function unknownVersion(event: StoredEvent, { upcasters = {}, ...definition }: EventTypeDefinition): Error {
  const known = [...Object.keys(upcasters), ...(definition.isFormer ? [] : [versionOf(definition)])];
  return new UnknownEventVersionError(event.entityId, event.sequenceNumber, event.eventType, event.version, known);
}

function stepUp(event: StoredEvent, from: string, step: () => unknown): JsonObject {
  let result: unknown;
  try {
    result = step();
  } catch (cause) {
    throw new UpcastError(event, from, { cause });
  }
  if (isThenable(result)) {
    dropPromise(result);
    throw new UpcastError(event, from, { cause: new TypeError("expected an object, got a promise") });
  }
  if (typeof result === "object" && result !== null && !Array.isArray(result)) return result as JsonObject;
  const found = result === null ? "null" : Array.isArray(result) ? "a list" : typeof result;
  throw new UpcastError(event, from, { cause: new TypeError(`expected an object, got ${found}`) });
}

export const currentVersion = (types: EventTypeLookup, aggregateType: string, eventType: string): string =>
  versionOf(findIn(types, aggregateType, eventType));

export const schemaOf = (
  types: EventTypeLookup,
  aggregateType: string,
  eventType: string,
): StandardSchema | undefined => findIn(types, aggregateType, eventType)?.schema;

function findIn(types: EventTypeLookup, aggregateType: string, eventType: string): EventTypeDefinition | undefined {
  if (types instanceof EventTypeRegistry) return types.find(aggregateType, eventType);
  return Object.hasOwn(types, eventType) ? types[eventType] : undefined;
}

/**
 * Event types by aggregate type and name: two aggregates may both have `Renamed`. Each is declared once; declaring it
 * again as it is does nothing.
 */
export class EventTypeRegistry {
  readonly #shared: EventTypes;
  readonly #byAggregate = new Map<string, EventTypes>();
  readonly #declared = new WeakMap<EventTypes, Set<string>>();

  /**
   * @param shared types that hold for every aggregate that does not declare them itself
   * @throws {InvalidArgumentError} naming what is wrong with an upcaster
   */
  constructor(shared: EventTypes = {}, aggregates: readonly AggregateEventTypes[] = []) {
    checkEventTypes(shared);
    this.#shared = shared;
    for (const aggregate of aggregates) this.declare(aggregate);
  }

  /** @throws {InvalidArgumentError} when an upcaster leads nowhere, or the aggregate's types are declared otherwise already */
  declare({ aggregateType, eventTypes }: AggregateEventTypes): void {
    const known = this.#declared.get(eventTypes) ?? new Set();
    if (known.has(aggregateType) || Object.keys(eventTypes).length === 0) return;
    checkEventTypes({ ...this.#shared, ...eventTypes });
    for (const [eventType, definition] of Object.entries(eventTypes)) {
      const before = this.find(aggregateType, eventType);
      if (before && !isSame(before, definition))
        throw new InvalidArgumentError(
          `eventTypes.${eventType} of ${aggregateType}`,
          describe(definition),
          `the declaration that the store has already: ${describe(before)}`,
        );
    }
    this.#byAggregate.set(aggregateType, { ...this.#byAggregate.get(aggregateType), ...eventTypes });
    this.#declared.set(eventTypes, known.add(aggregateType));
  }

  find(aggregateType: string, eventType: string): EventTypeDefinition | undefined {
    const own = this.#byAggregate.get(aggregateType);
    if (own && Object.hasOwn(own, eventType)) return own[eventType];
    return Object.hasOwn(this.#shared, eventType) ? this.#shared[eventType] : undefined;
  }

  /** The types under which events are stored that are read as this one: itself, and those that were renamed to it. */
  storedAs(aggregateType: string, eventType: string): string[] {
    const all = Object.entries({ ...this.#shared, ...this.#byAggregate.get(aggregateType) });
    const names = new Set([eventType]);
    for (const name of names)
      for (const [older, { upcasters = {} }] of all)
        if (Object.values(upcasters).some((step) => step.eventType === name)) names.add(older);
    return [...names];
  }

  /** The aggregates that are declared, with all types that hold for them. */
  get aggregates(): AggregateEventTypes[] {
    return [...this.#byAggregate].map(([aggregateType, own]) => ({
      aggregateType,
      eventTypes: { ...this.#shared, ...own },
    }));
  }

  /** True when the aggregate's types are declared, and this is none of them. */
  isUnknown(aggregateType: string, eventType: string): boolean {
    const found = this.find(aggregateType, eventType);
    return this.#byAggregate.has(aggregateType) && (found === undefined || found.isFormer === true);
  }
}

/** Schemas count by identity, upcasters by where they lead. */
function isSame(a: EventTypeDefinition, b: EventTypeDefinition): boolean {
  return a === b || (a.schema === b.schema && describe(a) === describe(b));
}

function describe({ upcasters = {}, schema, ...definition }: EventTypeDefinition): string {
  const steps = Object.entries(upcasters).map(([from, { to, eventType }]) => `${from} → ${eventType ?? ""} ${to}`);
  return `version ${versionOf(definition)}, ${schema ? "a schema" : "no schema"}, upcasters ${steps.join(", ") || "none"}`;
}

/** @throws {InvalidArgumentError} for a chain of upcasters with a gap, a circle or a wrong target */
export function checkEventTypes(types: EventTypes): void {
  for (const [eventType, { upcasters = {} }] of Object.entries(types))
    for (const from of Object.keys(upcasters)) checkChain(types, eventType, from);
}

function checkChain(types: EventTypes, eventType: string, from: string): void {
  const field = `eventTypes.${eventType}.upcasters["${from}"]`;
  const passed = new Set<string>();
  let at = { eventType, version: from };
  for (;;) {
    const definition = types[at.eventType];
    if (!definition)
      throw new InvalidArgumentError(`${field}.eventType`, at.eventType, "an event type that is declared");
    const step = definition.upcasters?.[at.version];
    const isCurrent = isCurrentVersion(definition, at.version);
    if (!step && isCurrent) return;
    if (!step)
      throw new InvalidArgumentError(
        field,
        at.version,
        `a chain to version ${versionOf(definition)} of ${at.eventType}`,
      );
    const place = `${at.eventType} ${at.version}`;
    if (passed.has(place) || (isCurrent && step.eventType === undefined))
      throw new InvalidArgumentError(field, place, "a chain that does not come back to where it was");
    passed.add(place);
    at = { eventType: step.eventType ?? at.eventType, version: step.to };
  }
}

export const INITIAL_EVENT_VERSION = "1.0";

const isCurrentVersion = (definition: EventTypeDefinition, version: string): boolean =>
  !definition.isFormer && version === versionOf(definition);

const versionOf = ({ version = INITIAL_EVENT_VERSION }: EventTypeDefinition = {}): string => version;
