import type { AnyAggregateDefinition, ServiceDefinition } from "../definition/index.ts";
import type { EventStore } from "../event-store/index.ts";
import type { CommandContext } from "./command-request.ts";
import { KeyedMutex } from "./keyed-mutex.ts";
import { StateCache } from "./state-cache.ts";

/** What the commands of each aggregate run in: a cache of states, and one command of an entity after another. */
export function commandContexts(
  { aggregates }: ServiceDefinition,
  store: EventStore,
  cachedEntities = 1_000,
): ReadonlyMap<AnyAggregateDefinition, CommandContext<unknown>> {
  return new Map(
    Object.values(aggregates).map((aggregate) => [
      aggregate,
      { store, cache: new StateCache(cachedEntities), mutex: new KeyedMutex() },
    ]),
  );
}
