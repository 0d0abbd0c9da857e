import {
  type AnyAggregateDefinition,
  type Projection,
  publicEventOf,
  type ServiceDefinition,
  versionOf,
} from "../definition/index.ts";
import { type AnySchema, currentVersion, type JsonObject, jsonSchemaOf, schemaOf } from "../event-store/index.ts";
import { listsOf } from "../projector/index.ts";
import type { AggregateDescription, ProjectionDescription, ServiceDescription } from "./contract.ts";

/** A service as its declaration has it: what can be sent to it, what it stores, what it keeps. */
export function describeService(service: ServiceDefinition): ServiceDescription {
  const { name, aggregates, projections } = service;
  return {
    name,
    aggregates: Object.entries(aggregates).map(([collection, aggregate]) =>
      describeAggregate(service, collection, aggregate),
    ),
    projections: projections.map(describeProjection),
  };
}

function describeAggregate(
  { eventTypes, publicEvents, commandRoutes }: ServiceDefinition,
  collection: string,
  { aggregateType, events, snapshots }: AnyAggregateDefinition,
): AggregateDescription {
  return {
    collection,
    aggregateType,
    events: Object.keys(events).map((eventType) => {
      const { isPublic = true, publishedAs } = publicEventOf(publicEvents, { aggregateType, eventType });
      return {
        eventType,
        version: currentVersion(eventTypes, aggregateType, eventType),
        schema: describeSchema(schemaOf(eventTypes, aggregateType, eventType), "output"),
        publishedAs: isPublic ? (publishedAs?.eventType ?? eventType) : undefined,
      };
    }),
    commands: commandRoutes
      .filter((route) => route.collection === collection)
      .map(({ command, path, idField, aggregate }) => ({
        command,
        path,
        idField,
        schema: describeSchema(aggregate.commands[command], "input"),
      })),
    snapshotEvery: snapshots?.every,
  };
}

const describeSchema = (schema: AnySchema | undefined, io: "input" | "output"): JsonObject | undefined =>
  schema && (jsonSchemaOf(schema, io) as JsonObject | undefined);

const describeProjection = (projection: Projection): ProjectionDescription => ({
  projection: projection.name,
  version: versionOf(projection),
  kind: projection.kind,
  feed: projection.feed ?? "stream",
  from: projection.from,
  lists: Object.keys(listsOf(projection)),
});
