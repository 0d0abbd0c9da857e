import { projections } from "../../projections/index.ts";
import { readConfig } from "../config.ts";
import { aggregates } from "../product/index.ts";
import { readStatus } from "../projector/dynamodb/index.ts";
import { readPublisherStatus } from "../publisher/index.ts";
import { countParked } from "../stream/index.ts";
import { measureVitals } from "./measure.ts";
import { clock, createMetrics, createStore } from "./wiring.ts";

const config = readConfig("vitals");
const metrics = createMetrics();
const { store, on } = createStore(config);

/** Every few minutes: how far behind the read models and the bus are, and what is parked, by the tables and not by what ran. */
export async function handler(): Promise<void> {
  const aggregateTypes = aggregates.map(({ aggregateType }) => aggregateType);
  const publisher = {
    ...(await readPublisherStatus({ on, store, aggregateTypes, clock })),
    parked: await countParked(on, "publisher"),
  };
  measureVitals(metrics, await readStatus({ on, store, projections, clock }), publisher);
}
