import { projections } from "../../projections/index.ts";
import { readConfig } from "../config.ts";
import { listParked, readStatus } from "../projector/index.ts";
import { measureVitals } from "./measure.ts";
import { clock, createMetrics, createStore } from "./wiring.ts";

const config = readConfig("vitals");
const metrics = createMetrics();
const { store, on } = createStore(config);

async function countParked(name: string): Promise<number> {
  let count = 0;
  for await (const _ of listParked(on, name)) count += 1;
  return count;
}

/** Every few minutes: how far behind the read models are and what is parked, by the tables and not by what ran. */
export async function handler(): Promise<void> {
  measureVitals(metrics, await readStatus({ on, store, projections, clock }), await countParked("publisher"));
}
