/** Test kit: stories about aggregates, what projections make of events, a service in memory. */
export { InMemoryEventStore, type InMemoryEventStoreOptions } from "./event-store/index.ts";
export type { GivenEvent } from "./testing/given-events.ts";
export { type InMemoryOptions, type InMemoryService, inMemory } from "./testing/in-memory-service.ts";
export { projecting } from "./testing/projecting.ts";
export { type ExpectedRejection, rejected, stories } from "./testing/stories.ts";
