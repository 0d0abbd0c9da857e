import { AWS, type Knobs, type Place, type Workload } from "./model.ts";
import type { Spread } from "./spread.ts";

/** What the write side makes of a second: events taken by entity, and refused by place. */
export interface Written {
  readonly flows: Float64Array;
  readonly refused: Partial<Record<Place, number>>;
  readonly busiest: { entity: number; typePartition: number; userPartition: number };
}

const total = (flows: Float64Array): number => flows.reduce((sum, one) => sum + one, 0);

/** Lets through what fits: sums flows by group and scales down each group that is over its limit. */
function limit(flows: Float64Array, groupOf: (n: number) => number, groups: number, most: number): number {
  const sums = new Float64Array(groups);
  for (let n = 0; n < flows.length; n += 1) sums[groupOf(n)] = (sums[groupOf(n)] ?? 0) + (flows[n] ?? 0);
  for (let n = 0; n < flows.length; n += 1) {
    const sum = sums[groupOf(n)] ?? 0;
    if (sum > most) flows[n] = ((flows[n] ?? 0) * most) / sum;
  }
  return sums.reduce((max, one) => Math.max(max, one), 0);
}

/**
 * One second of appends. An append writes its item and one entry in each index; a throttled index
 * throttles the table. Refused events are not offered again: their callers got an error.
 */
export function write(workload: Workload, knobs: Knobs, spread: Spread, partitions: number): Written {
  const { rate, eventBytes, topUser } = workload;
  const units = Math.ceil(eventBytes / 1024);
  const flows = spread.weights.map((weight) => weight * rate);
  const refused: Partial<Record<Place, number>> = {};
  let before = rate;
  const count = (place: Place) => {
    const after = total(flows);
    if (before - after > 1e-6 * rate) refused[place] = before - after;
    before = after;
  };

  limit(flows, () => 0, 1, knobs.throttleRate);
  count("API throttle");
  const entity = units * limit(flows, (n) => n, flows.length, AWS.partitionWrites / units);
  count("entity");
  const typePartition = limit(
    flows,
    (n) => (spread.indexShard[n] ?? 0) * 2 + (spread.isTopType[n] ?? 0),
    knobs.indexShards * 2,
    AWS.partitionWrites,
  );
  count("EventTypeIndex partition");
  const userPartition =
    topUser * limit(flows, (n) => spread.indexShard[n] ?? 0, knobs.indexShards, AWS.partitionWrites / topUser);
  count("UserActionIndex partition");
  limit(flows, (n) => spread.partition[n] ?? 0, partitions, AWS.partitionWrites / units);
  count("table partition");
  limit(flows, () => 0, 1, AWS.tableWrites / units);
  count("table quota");
  return { flows, refused, busiest: { entity, typePartition, userPartition } };
}
