import { computed, effect } from "@preact/signals";
import { addressOf } from "./api.ts";
import { askAgain } from "./ask-again.ts";
import type { Aggregate, JsonSchema, ServiceDescription, StoredEvent } from "./contract.ts";
import { healed } from "./live.ts";
import { Resource } from "./resource.ts";

/** What the service declares. Fetched once: a service that declares something else is started anew, and the page with it. */
export const service = new Resource<ServiceDescription>(addressOf("api", "/operations/service"));

export function startService(): void {
  effect(() => {
    healed.value;
    if (!service.data.peek()) void askAgain(readService);
  });
}

async function readService(): Promise<boolean> {
  await service.refresh();
  return service.data.peek() !== undefined;
}

export const aggregates = computed(() => service.data.value?.aggregates ?? []);
export const projections = computed(() => service.data.value?.projections ?? []);

export const eventTypes = computed(() => [
  ...new Set(aggregates.value.flatMap(({ events }) => events.map(({ eventType }) => eventType))),
]);

export const aggregateOf = (aggregateType: string): Aggregate | undefined =>
  aggregates.value.find((one) => one.aggregateType === aggregateType);

/** The schema of an event's data. */
export const schemaOfEvent = ({ aggregateType, eventType }: Pick<StoredEvent, "aggregateType" | "eventType">) =>
  aggregateOf(aggregateType)?.events.find((one) => one.eventType === eventType)?.schema;

/**
 * The fields of all events of some aggregates, in their order: states and rows are made of them, and the database keeps
 * no order of keys.
 */
export function fieldsOfAggregates(aggregateTypes: readonly string[]): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  for (const type of aggregateTypes)
    for (const { schema } of aggregateOf(type)?.events ?? [])
      for (const [name, field] of Object.entries(Object(schema?.properties) as Record<string, JsonSchema>))
        properties[name] ??= field;
  return { type: "object", properties };
}
