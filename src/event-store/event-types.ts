import { EventSchemaError, UnknownEventVersionError, UpcastError } from "./errors.ts";
import type { StoredEvent } from "./event.ts";
import type { JsonObject } from "./json.ts";
import type { StandardSchema } from "./standard-schema.ts";
import { isThenable } from "./thrown.ts";

/** One step from an older schema version to a newer one. Pure; sees the payload as stored. */
export interface Upcaster {
  readonly to: string;
  readonly upcast: (eventData: JsonObject) => JsonObject;
}

export interface EventTypeDefinition {
  /** The schema version that is written today. Default "1.0". */
  readonly version?: string;
  /** Checked before storing; what it puts out is what is stored. */
  readonly schema?: StandardSchema;
  /** By the version they start from. */
  readonly upcasters?: Readonly<Record<string, Upcaster>>;
}

/** Event types by name. A type that is not listed is stored as "1.0" and read as it stands. */
export type EventTypes = Readonly<Record<string, EventTypeDefinition>>;

export const INITIAL_EVENT_VERSION = "1.0";

export const currentVersion = (types: EventTypes, eventType: string): string =>
  types[eventType]?.version ?? INITIAL_EVENT_VERSION;

function pathOf(path: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined): string {
  return (path ?? []).reduce<string>((all, part) => {
    const key = typeof part === "object" ? part.key : part;
    return typeof key === "number" ? `${all}[${key}]` : `${all}.${String(key)}`;
  }, "eventData");
}

/** @throws {EventSchemaError} naming the path of everything that does not fit */
export async function checkSchema(types: EventTypes, eventType: string, eventData: object): Promise<object> {
  const schema = types[eventType]?.schema;
  if (!schema) return eventData;
  const result = await schema["~standard"].validate(eventData);
  if (result.issues) {
    throw new EventSchemaError(
      eventType,
      result.issues.map(({ path, message }) => ({ path: pathOf(path), message })),
    );
  }
  return result.value as object;
}

/**
 * Steps an event from the schema version it was stored at to the current one.
 *
 * @throws {UnknownEventVersionError} when no chain of upcasters leads to the current version
 * @throws {UpcastError} when one of them throws or returns something other than an object
 */
export function upcast(types: EventTypes, event: StoredEvent): StoredEvent {
  const definition = types[event.eventType];
  if (!definition) return event;
  const target = definition.version ?? INITIAL_EVENT_VERSION;
  let { version, eventData } = event;
  const passed = new Set<string>();
  while (version !== target) {
    const step = definition.upcasters?.[version];
    if (!step || passed.has(version)) {
      const known = [...Object.keys(definition.upcasters ?? {}), target];
      throw new UnknownEventVersionError(event.entityId, event.sequenceNumber, event.eventType, event.version, known);
    }
    passed.add(version);
    eventData = stepUp(event, version, () => step.upcast(eventData));
    version = step.to;
  }
  return version === event.version ? event : { ...event, version, eventData };
}

function stepUp(event: StoredEvent, from: string, step: () => unknown): JsonObject {
  let result: unknown;
  try {
    result = step();
  } catch (cause) {
    throw new UpcastError(event, from, { cause });
  }
  if (isThenable(result)) {
    Promise.resolve(result).catch(() => undefined);
    throw new UpcastError(event, from, { cause: new TypeError("expected an object, got a promise") });
  }
  if (typeof result === "object" && result !== null && !Array.isArray(result)) return result as JsonObject;
  const found = result === null ? "null" : Array.isArray(result) ? "a list" : typeof result;
  throw new UpcastError(event, from, { cause: new TypeError(`expected an object, got ${found}`) });
}
