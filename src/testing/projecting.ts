import { deepStrictEqual } from "node:assert/strict";
import { type Projection, takesAggregate } from "../definition/index.ts";
import type { StoredEvent } from "../event-store/index.ts";
import { InMemoryRows } from "../projector/index.ts";
import { type GivenEvent, readAsStored } from "./given-events.ts";

/**
 * What a projection makes of events: of a row per entity the row, by entity id where the events are of several entities;
 * of a row per event the rows in their order; of a multi-entity projection the rows by "partition/key". Events are checked by
 * their schemas and upcast, several entities and aggregates are told apart, and what production refuses is refused.
 *
 * @example
 * await projecting(productCatalog).given([created]).projects({ name: "Tea", … });
 */
export function projecting(projection: Projection): {
  given(events: readonly GivenEvent[]): {
    /** @throws {AssertionError} with the difference; {EventHandlingError} for an event that cannot be taken */
    projects(expected: unknown): Promise<void>;
  };
} {
  const { aggregates = Object.keys(projection.from).map((aggregateType) => ({ aggregateType, eventTypes: {} })) } =
    projection;
  return {
    given: (given) => ({
      projects: async (expected) => {
        const events = readAsStored("events", given, aggregates);
        const rows = new InMemoryRows(projection);
        for (const event of events) await rows.take(event);
        deepStrictEqual(shapeOf(projection, rows, events), expected);
      },
    }),
  };
}

function shapeOf(projection: Projection, { all }: InMemoryRows, events: readonly StoredEvent[]): unknown {
  if (projection.kind === "row-per-event") return all.map(({ row }) => row);
  const byName = all.map(({ place, row }) =>
    "partition" in place ? [`${place.partition}/${place.key}`, row] : [place.entityId, row],
  );
  const entities = new Set(
    events.flatMap((one) => (takesAggregate(projection, one.aggregateType) ? one.entityId : [])),
  );
  return projection.kind === "row-per-entity" && entities.size <= 1 ? all[0]?.row : Object.fromEntries(byName);
}
