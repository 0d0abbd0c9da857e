import { publicEventOf, type ServiceDefinition } from "../definition/index.ts";
import { currentVersion, jsonSchemaOf, schemaOf } from "../event-store/index.ts";

/** A JSON Schema, as far as contracts are compared. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

/** One published event type at one schema version. */
export interface PublishedEvent {
  readonly eventType: string;
  readonly version: string;
  readonly aggregateType: string;
  readonly data: JsonSchema;
}

/**
 * Every event that a service publishes, with the schema of its data: the event's own, or that of the shape in which it is
 * published. An event whose schema cannot describe itself as JSON Schema is published as any value.
 */
export function publishedEvents({ aggregates, eventTypes, publicEvents }: ServiceDefinition): PublishedEvent[] {
  return Object.values(aggregates).flatMap(({ aggregateType, events }) =>
    Object.keys(events).flatMap((stored) => {
      const { isPublic = true, publishedAs } = publicEventOf(publicEvents, { aggregateType, eventType: stored });
      if (!isPublic) return [];
      const schema = publishedAs ? publishedAs.schema : schemaOf(eventTypes, aggregateType, stored);
      const { eventType = stored, version = currentVersion(eventTypes, aggregateType, stored) } = publishedAs ?? {};
      return [{ eventType, version, aggregateType, data: (schema && jsonSchemaOf(schema, "output")) ?? {} }];
    }),
  );
}

/** What breaks subscribers between two contracts, unless the event's version was raised. */
export function brokenPromises(before: readonly PublishedEvent[], after: readonly PublishedEvent[]): string[] {
  return before.flatMap(({ eventType, version, aggregateType, data }) => {
    const now = after.find((one) => one.eventType === eventType && one.aggregateType === aggregateType);
    if (!now) return [`${eventType} is not published any more`];
    if (now.version !== version) return [];
    return breakingChanges(data, now.data).map((change) => `${eventType} ${version}: ${change}`);
  });
}

/**
 * What of a published shape would break those who read it: a field that is gone, is not always there
 * any more, or is of another type. New fields break no consumer.
 */
export function breakingChanges(before: JsonSchema, after: JsonSchema | undefined, path = "data"): string[] {
  if (!after) return [`${path} is gone`];
  if (shapeOf(before) !== shapeOf(after))
    return [`${path} is of another type: ${shapeOf(before)} became ${shapeOf(after)}`];
  const changes = Object.entries(before.properties ?? {}).flatMap(([name, schema]) => {
    const isLoose = before.required?.includes(name) && !after.required?.includes(name);
    const own = isLoose && after.properties?.[name] ? [`${path}.${name} may be missing now`] : [];
    return [...own, ...breakingChanges(schema, after.properties?.[name], `${path}.${name}`)];
  });
  return before.items ? [...changes, ...breakingChanges(before.items, after.items, `${path}[]`)] : changes;
}

const shapeOf = ({ type, anyOf, enum: values, const: only }: JsonSchema): string =>
  JSON.stringify([type, anyOf?.map(shapeOf), values, only]);

const string = { type: "string" };

/** The JSON Schema of a published event's `detail`. */
export function envelopeSchema({ eventType, version, aggregateType, data }: PublishedEvent): object {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `${eventType} ${version}`,
    type: "object",
    properties: {
      eventId: string,
      entityId: string,
      aggregateType: { const: aggregateType },
      sequenceNumber: { type: "integer", minimum: 1 },
      eventType: { const: eventType },
      eventTime: { type: "string", format: "date-time" },
      version: { const: version },
      correlationId: string,
      causationId: string,
      userId: string,
      data,
      claimCheck: {
        type: "object",
        properties: { entityId: string, sequenceNumber: { type: "integer" }, path: string },
        required: ["entityId", "sequenceNumber", "path"],
      },
    },
    required: [
      "eventId",
      "entityId",
      "aggregateType",
      "sequenceNumber",
      "eventType",
      "eventTime",
      "version",
      "correlationId",
    ],
    oneOf: [{ required: ["data"] }, { required: ["claimCheck"] }],
  };
}

/** An AsyncAPI document of everything that is published. */
export function asyncApi(service: string, events: readonly PublishedEvent[]): object {
  const messages = Object.fromEntries(
    events.map((event) => [
      contractNameOf(event, events),
      {
        name: event.eventType,
        contentType: "application/json",
        payload: { $ref: `./${contractNameOf(event, events)}-${event.version}.json` },
      },
    ]),
  );
  return {
    asyncapi: "3.0.0",
    info: {
      title: service,
      version: "1.0.0",
      description: "Events on the bus; `payload` is the `detail` of an EventBridge event.",
    },
    channels: { bus: { address: service, messages } },
    operations: { publish: { action: "send", channel: { $ref: "#/channels/bus" } } },
  };
}

/** The event's type; with its aggregate's before it where another aggregate publishes one of the same type. */
export function contractNameOf({ eventType, aggregateType }: PublishedEvent, all: readonly PublishedEvent[]): string {
  const isShared = all.some((one) => one.eventType === eventType && one.aggregateType !== aggregateType);
  return isShared ? `${aggregateType}.${eventType}` : eventType;
}
