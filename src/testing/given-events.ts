import {
  type AggregateEventTypes,
  checkFields,
  checkSchema,
  checkStorable,
  currentVersion,
  deepFreeze,
  EventTypeRegistry,
  type Fields,
  InvalidArgumentError,
  isThenable,
  type JsonObject,
  type StoredEvent,
  schemaOf,
  toJsonObject,
  upcast,
} from "../event-store/index.ts";

/** An event of a history; what is left out is filled in. With a `version` it is upcast from there. */
export interface GivenEvent extends Partial<Omit<StoredEvent, "eventType" | "eventData">> {
  readonly eventType: string;
  readonly eventData: object;
}

export const DEFAULT_METADATA = { userId: "ann", correlationId: "c-1", now: "2026-01-01T00:00:00.000Z" } as const;

/**
 * A history as the store gives it to readers: numbered within each entity, checked by its schemas, upcast.
 *
 * @throws {InvalidArgumentError} for a misspelt field, and an event that belongs to no aggregate or to several
 * @throws {EventSchemaError} for a payload that the store would refuse
 */
export function readAsStored(
  field: string,
  events: readonly GivenEvent[],
  aggregates: readonly AggregateEventTypes[],
): StoredEvent[] {
  const eventTypes = new EventTypeRegistry({}, aggregates);
  const versions = new Map<string, number>();
  return events.map((whole, index) => {
    const at = `${field}[${index}]`;
    checkFields<object>(at, whole, GIVEN_EVENT);
    const given = Object.fromEntries(
      Object.entries(whole).filter(([, value]) => value !== undefined),
    ) as unknown as GivenEvent;
    const aggregateType = given.aggregateType ?? aggregateTypeOf(at, given, aggregates);
    const entityId = given.entityId ?? `${aggregateType.toLowerCase()}-1`;
    const sequenceNumber = given.sequenceNumber ?? (versions.get(entityId) ?? 0) + 1;
    versions.set(entityId, sequenceNumber);
    const stored = {
      eventId: `${entityId}-${sequenceNumber}`,
      eventTime: DEFAULT_METADATA.now,
      version: currentVersion(eventTypes, aggregateType, given.eventType),
      userId: DEFAULT_METADATA.userId,
      correlationId: DEFAULT_METADATA.correlationId,
      ...given,
      aggregateType,
      // What it is before its schema, or its upcasters, have taken it.
      eventData: given.eventData as JsonObject,
      entityId,
      sequenceNumber,
    };
    // An older version, or a former name, is what an older schema has let in.
    const isFormer = eventTypes.find(aggregateType, given.eventType)?.isFormer === true;
    const isCurrent = stored.version === currentVersion(eventTypes, aggregateType, given.eventType);
    if (isCurrent && !isFormer) return asAppended(eventTypes, stored);
    return upcast(eventTypes, { ...stored, eventData: deepFreeze(toJsonObject(given.eventData, `${at}.eventData`)) });
  });
}

function aggregateTypeOf(at: string, { eventType }: GivenEvent, aggregates: readonly AggregateEventTypes[]): string {
  const types = aggregates.filter(({ eventTypes }) => Object.hasOwn(eventTypes, eventType));
  const [only, other] = types.length === 0 ? aggregates : types;
  if (only && !other) return only.aggregateType;
  const known = aggregates.map(({ aggregateType }) => aggregateType).join(", ");
  throw new InvalidArgumentError(`${at}.aggregateType`, undefined, `one of ${known}: several could have ${eventType}`);
}

/** The event with its payload as its schema gives it out. @throws {EventSchemaError} */
function asAppended(eventTypes: EventTypeRegistry, event: StoredEvent): StoredEvent {
  const { aggregateType, eventType, eventData } = event;
  if (eventTypes.isUnknown(aggregateType, eventType))
    throw new InvalidArgumentError("eventType", eventType, `one of those that ${aggregateType} declares`);
  const schema = schemaOf(eventTypes, aggregateType, eventType);
  const checked = schema ? checkSchema(schema, eventType, eventData) : eventData;
  if (isThenable(checked)) throw new TypeError(`${eventType}: its schema waits; use inMemory(service)`);
  const stored = toJsonObject(checked, "eventData");
  checkStorable(stored, "eventData");
  return Object.freeze({ ...event, eventData: deepFreeze(stored) });
}

const GIVEN_EVENT: Fields<StoredEvent> = {
  entityId: true,
  sequenceNumber: true,
  eventId: true,
  eventType: true,
  eventTime: true,
  eventData: true,
  version: true,
  userId: true,
  correlationId: true,
  aggregateType: true,
  causationId: true,
  commandId: true,
  commandHash: true,
  traceHeader: true,
};
