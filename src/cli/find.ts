import type { AnyAggregateDefinition, Projection, ServiceDefinition } from "../definition/index.ts";
import { PUBLISHER } from "../operations/index.ts";
import { UsageError } from "./failure.ts";
import { suggestion } from "./nearest.ts";

/** @throws {UsageError} naming the nearest */
export function findProjection({ projections }: ServiceDefinition, name: string): Projection {
  const found = projections.find((projection) => projection.name === name);
  if (found) return found;
  throw unknown("projection", name, namesOf(projections));
}

/** The name of a projection, or the publisher's. @throws {UsageError} */
export function findReader({ projections }: ServiceDefinition, name: string): string {
  const readers = [...namesOf(projections), PUBLISHER];
  if (readers.includes(name)) return name;
  throw unknown("projection", name, readers);
}

/** By its type, or by its collection in the API. @throws {UsageError} */
export function findAggregate({ aggregates }: ServiceDefinition, name: string): AnyAggregateDefinition {
  const found = Object.entries(aggregates).find(
    ([collection, one]) => one.aggregateType === name || collection === name,
  );
  if (found) return found[1];
  throw unknown(
    "aggregate",
    name,
    Object.values(aggregates).map(({ aggregateType }) => aggregateType),
  );
}

/** @throws {UsageError} for an event type that no aggregate declares */
export function checkEventType({ aggregates }: ServiceDefinition, eventType: string): void {
  const known = Object.values(aggregates).flatMap(({ events }) => Object.keys(events));
  if (!known.includes(eventType)) throw unknown("event type", eventType, known);
}

export function unknown(what: string, name: string, known: readonly string[]): UsageError {
  const advice = suggestion(name, known) || `; there are ${known.join(", ")}`;
  return new UsageError(`there is no ${what} ${name}${advice}`);
}

const namesOf = (projections: readonly Projection[]): string[] => projections.map(({ name }) => name);
