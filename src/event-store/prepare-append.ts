import { contentHash } from "./content-hash.ts";
import type { EntityHead } from "./entity-head.ts";
import { AggregateTypeError, InvalidArgumentError } from "./errors.ts";
import type { StoredEvent } from "./event.ts";
import type { AppendRequest } from "./event-store.ts";
import { checkSchema, currentVersion, type EventTypeRegistry, schemaOf } from "./event-types.ts";
import { deepFreeze, type JsonObject, toJsonObject } from "./json.ts";
import { checkAppend } from "./validate.ts";
import type { Warn } from "./warn.ts";

/** An append that was checked and has its ids: what is sent again is the same to the letter. */
export interface PreparedAppend {
  readonly request: AppendRequest;
  readonly events: readonly PreparedEvent[];
  readonly command: { readonly id: string; readonly hash: string } | undefined;
  readonly traceHeader?: string | undefined;
}

interface PreparedEvent {
  readonly eventId: string;
  readonly eventType: string;
  readonly version: string;
  readonly eventData: JsonObject;
}

interface PrepareContext {
  readonly eventTypes: EventTypeRegistry;
  readonly newId: () => string;
}

/**
 * Checks an append wholly before anything is stored. What is given is taken at once: what its caller makes of the request
 * afterwards changes nothing.
 */
export async function prepareAppend(
  { eventTypes, newId }: PrepareContext,
  given: AppendRequest,
): Promise<PreparedAppend> {
  checkAppend(given);
  const request: AppendRequest = { ...given, ...(given.command ? { command: { ...given.command } } : {}) };
  const { aggregateType, command } = request;
  const taken = request.events.map(({ eventType, eventData }) =>
    take(eventTypes, aggregateType, { eventType, given: eventData }),
  );
  const events: PreparedEvent[] = [];
  for (const { eventType, value } of taken) {
    const eventData = value instanceof Promise ? toEventData(await value) : value;
    const version = currentVersion(eventTypes, aggregateType, eventType);
    events.push({ eventId: newId(), eventType, version, eventData });
  }
  const hash = command && (command.hash ?? contentHash(events.map((e) => [e.eventType, e.eventData])));
  return { request, events, command: command && { id: command.id, hash: hash ?? "" } };
}

/** An event's payload as JSON, by its schema where it has one; a promise when the schema waits. */
function take(
  eventTypes: EventTypeRegistry,
  aggregateType: string,
  { eventType, given }: { readonly eventType: string; readonly given: unknown },
): { readonly eventType: string; readonly value: JsonObject | Promise<unknown> } {
  if (eventTypes.isUnknown(aggregateType, eventType))
    throw new InvalidArgumentError("eventType", eventType, `one of those that ${aggregateType} declares`);
  const schema = schemaOf(eventTypes, aggregateType, eventType);
  const value = schema ? checkSchema(schema, eventType, given) : given;
  return { eventType, value: value instanceof Promise ? value : toEventData(value) };
}

const toEventData = (value: unknown): JsonObject => deepFreeze(toJsonObject(value, "eventData"));

interface FollowContext {
  readonly clock: () => Date;
  readonly warn: Warn;
}

/**
 * The events that follow `head`, numbered and timed.
 *
 * @throws {AggregateTypeError} when the entity is of another type
 */
export function assignSequenceNumbers(context: FollowContext, head: EntityHead, append: PreparedAppend): StoredEvent[] {
  const { entityId, aggregateType, userId, correlationId, causationId } = append.request;
  if (head.aggregateType !== undefined && head.aggregateType !== aggregateType)
    throw new AggregateTypeError(entityId, aggregateType, head.aggregateType);
  const eventTime = timeAfter(context, entityId, head.eventTime);
  return append.events.map(({ eventId, eventType, version, eventData }, index) =>
    Object.freeze({
      entityId,
      sequenceNumber: head.version + 1 + index,
      eventId,
      eventType,
      version,
      eventData,
      eventTime,
      userId,
      correlationId,
      aggregateType,
      ...(causationId === undefined ? {} : { causationId }),
      ...(append.traceHeader === undefined ? {} : { traceHeader: append.traceHeader }),
      ...(append.command ? { commandId: append.command.id, commandHash: append.command.hash } : {}),
    }),
  );
}

/** Milliseconds that the last event of an entity may be ahead of this machine's clock and still be followed. */
export const MAX_CLOCK_SKEW_MS = 5 * 60 * 1000;

/**
 * The later of now and the last event's time, in the form that the store writes. A last event that is further ahead than
 * clocks differ was stored by a machine whose clock is wrong: the entity's time is not frozen until then, and goes back.
 */
function timeAfter({ clock, warn }: FollowContext, entityId: string, last: string | undefined): string {
  const now = clock();
  const ahead = last === undefined ? 0 : Date.parse(last) - now.getTime();
  if (ahead > MAX_CLOCK_SKEW_MS)
    warn(`${entityId}: the last event is ${Math.round(ahead / 1000)} s ahead of the clock; its time is not followed`, {
      entityId,
      lastEventTime: last,
      aheadMs: ahead,
    });
  return (ahead > 0 && ahead <= MAX_CLOCK_SKEW_MS ? new Date(now.getTime() + ahead) : now).toISOString();
}
