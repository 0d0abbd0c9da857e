import {
  type AnySchema,
  checkFields,
  type EventTypeDefinition,
  type EventTypes,
  type Fields,
  type InferInput,
  type InferOutput,
  InvalidArgumentError,
  type JsonObject,
  type StoredEvent,
} from "../event-store/index.ts";

/** The events of an aggregate by type: a schema (version "1.0"), or what `event` declares. */
export type EventDeclarations = Readonly<Record<string, AnySchema | VersionedEvent<AnySchema>>>;

/** An event type whose payload has changed since it was first stored, or that was renamed. */
export interface VersionedEvent<Schema extends AnySchema> {
  readonly version: string;
  readonly schema: Schema;
  readonly upcast: Readonly<Record<string, AnyUpcast>>;
  readonly formerly: Readonly<Record<string, Readonly<Record<string, AnyUpcast>>>>;
}

/** An event as `decide` answers with it: what its schema takes. */
export type NewEventOf<Events, Type extends keyof Events = keyof Events> = {
  [Name in Type & string]: {
    readonly eventType: Name;
    readonly eventData: InferInput<SchemaOf<Events[Name]>> & object;
  };
}[Type & string];

/** An event as it is read: what its schema gave out, upcast to the current version. */
export type StoredEventOf<Events, Type extends keyof Events = keyof Events> = {
  [Name in Type & string]: StoredEvent<Name, AsJson<InferOutput<SchemaOf<Events[Name]>>>>;
}[Type & string];

/**
 * Declares an event type by the schema of its current version, with the way there from each older version that is
 * stored: a function straight to the current version, or an `upcaster` to the next one.
 *
 * @example
 * PriceUpdated: event({
 *   version: "3.0",
 *   schema: priceUpdated,
 *   upcast: { "1.0": upcaster(priceUpdated1, "2.0", (old) => ({ ...old, reason: null })), "2.0": (old) => … },
 *   formerly: { PriceChanged: { "1.0": (old) => … } },
 * })
 * @throws {InvalidArgumentError} for an unknown field; a chain with a gap or a circle is refused by `defineAggregate`
 */
export function event<
  const Version extends string,
  Schema extends AnySchema,
  Steps extends Readonly<Record<string, AnyUpcast>> = Record<never, never>,
  Former extends Readonly<Record<string, Readonly<Record<string, AnyUpcast>>>> = Record<never, never>,
>(declaration: {
  /** The schema version that is written today. */
  readonly version: Version;
  readonly schema: Schema;
  /** By the version they start from. */
  readonly upcast?: Steps & CheckedSteps<Steps, Version, Schema>;
  /** Types under which the event is stored too, by type and version: it was renamed. */
  readonly formerly?: Former & { readonly [Type in keyof Former]: CheckedSteps<Former[Type], Version, Schema> };
}): VersionedEvent<Schema> {
  checkFields("event", declaration, VERSIONED);
  const { version, schema, upcast = {}, formerly = {} } = declaration;
  if (typeof version !== "string" || version === "")
    throw new InvalidArgumentError("event.version", version, 'a schema version, such as "2.0"');
  return { version, schema, upcast, formerly };
}

/**
 * A step from one schema version to the next, typed by the schemas of both.
 *
 * @param from the schema of the stored payload, for its type: what is stored is not checked again
 */
export function upcaster<Schema extends AnySchema, const To extends string, New extends object>(
  from: Schema,
  to: To,
  upcast: (eventData: AsJson<InferOutput<Schema>>) => New,
): TypedUpcaster<AsJson<InferOutput<Schema>>, To, New> {
  return { from, to, upcast };
}

export interface TypedUpcaster<Old, To extends string, New> {
  readonly from: AnySchema;
  readonly to: To;
  readonly upcast: (eventData: Old) => New;
}

// biome-ignore lint/suspicious/noExplicitAny: a payload of an older version, whose type nobody has declared
type AnyUpcast = ((eventData: any) => object) | TypedUpcaster<any, string, object>;

/** Each step must give what the version takes that it leads to. */
type CheckedSteps<Steps, Current extends string, Schema extends AnySchema> = {
  readonly [From in keyof Steps]: Steps[From] extends TypedUpcaster<infer Old, infer To, infer _>
    ? TypedUpcaster<Old, To, To extends Current ? AsJson<InferOutput<Schema>> : TakenBy<Steps, To>>
    : // biome-ignore lint/suspicious/noExplicitAny: as above
      (eventData: any) => AsJson<InferOutput<Schema>>;
};

type TakenBy<Steps, Version extends string> = Version extends keyof Steps
  ? Steps[Version] extends TypedUpcaster<infer Old, infer _, infer __>
    ? Old
    : object
  : never;

type SchemaOf<Declaration> = Declaration extends VersionedEvent<infer Schema> ? Schema : Declaration;

/** A payload as it is stored and read: a date is its ISO 8601 text. */
export type AsJson<T> = unknown extends T
  ? T
  : // A branded text is still text.
    T extends string | number | boolean | null | undefined
    ? T
    : T extends { toJSON(): infer Json }
      ? Json
      : T extends object
        ? { [Field in keyof T]: AsJson<T[Field]> }
        : T;

const VERSIONED: Fields<VersionedEvent<AnySchema>> = { version: true, schema: true, upcast: true, formerly: true };

/** The declarations as the store takes them. @throws {InvalidArgumentError} for what is no schema, and a former name that is taken */
export function eventTypesOf(events: EventDeclarations): EventTypes {
  const types = new Map<string, EventTypeDefinition>();
  for (const [name, declaration] of Object.entries(events)) {
    const found = isSchema(declaration)
      ? { [name]: { schema: declaration } }
      : versionedTypes(name, declaration, events);
    for (const [type, definition] of Object.entries(found)) {
      if (types.has(type))
        throw new InvalidArgumentError(`events.${name}.formerly`, type, "a former name of one event");
      types.set(type, definition);
    }
  }
  return Object.fromEntries(types);
}

function versionedTypes(name: string, declaration: VersionedEvent<AnySchema>, events: EventDeclarations): EventTypes {
  const { version, schema, upcast, formerly } = declaration ?? {};
  if (!isSchema(schema))
    throw new InvalidArgumentError(`events.${name}`, declaration, "a schema, or what event() gives");
  const former = Object.entries(formerly).map(([oldName, steps]) => {
    if (Object.hasOwn(events, oldName))
      throw new InvalidArgumentError(`events.${name}.formerly`, oldName, "an event type that is not declared any more");
    if (Object.keys(steps ?? {}).length === 0)
      throw new InvalidArgumentError(
        `events.${name}.formerly.${oldName}`,
        steps,
        "a step from each version that is stored",
      );
    return [oldName, { isFormer: true, upcasters: upcastersOf(steps, version, name) }] as const;
  });
  return { [name]: { version, schema, upcasters: upcastersOf(upcast, version) }, ...Object.fromEntries(former) };
}

function upcastersOf(steps: Readonly<Record<string, AnyUpcast>>, current: string, eventType?: string) {
  const renamed = eventType === undefined ? {} : { eventType };
  const upcasters = Object.entries(steps).map(([from, step]) => {
    const { to, upcast } = typeof step === "function" ? { to: current, upcast: step } : (step ?? {});
    if (typeof upcast !== "function" || typeof to !== "string")
      throw new InvalidArgumentError(`upcast["${from}"]`, step, "a function, or what upcaster() gives");
    return [from, { to, ...renamed, upcast: (eventData: JsonObject) => upcast(eventData) as JsonObject }] as const;
  });
  return Object.fromEntries(upcasters);
}

export const isSchema = (value: unknown): value is AnySchema =>
  (typeof value === "object" || typeof value === "function") &&
  value !== null &&
  "~standard" in value &&
  typeof (value["~standard"] as AnySchema["~standard"] | undefined)?.validate === "function";

/** A schema whose output is plain JSON: rows are stored as they are given. */
export type PlainJson<Schema> =
  InferOutput<Schema> extends AsJson<InferOutput<Schema>> ? unknown : "a schema whose output is plain JSON";
