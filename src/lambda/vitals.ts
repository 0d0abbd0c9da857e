import { readConfig } from "../config.ts";
import type { ServiceDefinition } from "../definition/index.ts";
import { readStatus } from "../projector/dynamodb/index.ts";
import { readPublisherStatus } from "../publisher/index.ts";
import { countParked } from "../stream/index.ts";
import { measureHealth } from "./measure.ts";
import { clock, createMetrics, createStore } from "./wiring.ts";

/** The function that reports every few minutes, from the tables, how far behind read models and bus are and what is parked. */
export function createVitalsHandler(service: ServiceDefinition) {
  const config = readConfig("vitals");
  const metrics = createMetrics();
  const { store, table } = createStore(service, config);
  const { projections, aggregates } = service;
  const aggregateTypes = Object.values(aggregates).map(({ aggregateType }) => aggregateType);

  return async (): Promise<void> => {
    const publisher = {
      ...(await readPublisherStatus({ table, store, aggregateTypes, clock })),
      parked: await countParked(table, "publisher"),
    };
    measureHealth(metrics, await readStatus({ table, store, projections, clock }), publisher);
  };
}
