import {
  ASSUMPTIONS,
  type Assumptions,
  AWS,
  KNOBS,
  type Knobs,
  type Outcome,
  type Place,
  WORKLOAD,
  type Workload,
} from "./model.ts";
import { type Spread, spread } from "./spread.ts";
import { write } from "./write-side.ts";

/** Events that wait in each shard, and how many of them are worked off in a second. */
class Reader {
  readonly waiting: Float64Array;
  readonly #arriving: Float64Array;
  done = 0;

  constructor(shards: number, arriving: Float64Array) {
    this.waiting = new Float64Array(shards);
    this.#arriving = arriving;
  }

  arrive(): void {
    for (let n = 0; n < this.waiting.length; n += 1)
      this.waiting[n] = (this.waiting[n] ?? 0) + (this.#arriving[n] ?? 0);
  }

  /** @param perShard events that one shard's readers work off @param all events that all may, of what they share */
  work(perShard: number, all: number): void {
    const wanted = this.waiting.map((waiting) => Math.min(waiting, perShard));
    const sum = wanted.reduce((total, one) => total + one, 0);
    const part = sum > all ? all / sum : 1;
    for (let n = 0; n < this.waiting.length; n += 1) {
      const done = (wanted[n] ?? 0) * part;
      this.waiting[n] = (this.waiting[n] ?? 0) - done;
      this.done += done;
    }
  }

  /** Seconds that the slowest shard is behind: its queue by what arrives there. */
  get behind(): number {
    let most = 0;
    for (let n = 0; n < this.waiting.length; n += 1) {
      const arriving = this.#arriving[n] ?? 0;
      if (arriving > 0) most = Math.max(most, (this.waiting[n] ?? 0) / arriving);
    }
    return most;
  }
}

export interface Setting {
  readonly workload?: Partial<Workload>;
  readonly knobs?: Partial<Knobs>;
  readonly assumptions?: Partial<Assumptions>;
}

/** Enough for the load with half as much again, for hashing is not even. */
const neededPartitions = ({ rate, eventBytes }: Workload): number =>
  Math.max(AWS.newTablePartitions, Math.ceil((1.5 * rate * Math.ceil(eventBytes / 1024)) / AWS.partitionWrites));

function byShard(flows: Float64Array, { partition }: Spread, shards: number): Float64Array {
  const sums = new Float64Array(shards);
  for (let n = 0; n < flows.length; n += 1) sums[partition[n] ?? 0] = (sums[partition[n] ?? 0] ?? 0) + (flows[n] ?? 0);
  return sums;
}

const sumOf = (flows: Float64Array): number => flows.reduce((sum, one) => sum + one, 0);

/**
 * A service under a steady load for some minutes, second by second: how much of it is taken, how far
 * behind the readers of the stream are at the end, and what is to blame.
 */
export function simulate(setting: Setting = {}): Outcome {
  const workload = { ...WORKLOAD, ...setting.workload };
  const knobs = { ...KNOBS, ...setting.knobs };
  const assumed = { ...ASSUMPTIONS, ...setting.assumptions };
  const shards = knobs.partitions ?? neededPartitions(workload);
  const places = spread(workload, { indexShards: knobs.indexShards, partitions: shards });
  const { flows, refused, busiest } = write(workload, knobs, places, shards);
  const taken = sumOf(flows);
  const arriving = byShard(flows, places, shards);
  const ofTopType = flows.reduce((sum, flow, n) => sum + flow * (places.isTopType[n] ?? 0), 0);

  const perBatch = (batchMs: number, eventMs: number) => batchMs + eventMs * knobs.batchSize;
  const perShard = (batchMs: number) => (knobs.parallelizationFactor * knobs.batchSize * 1000) / batchMs;
  const projecting = perShard(perBatch(assumed.projectBatchMs, assumed.projectEventMs));
  const publishing = perShard(perBatch(assumed.publishBatchMs, assumed.publishEventMs));
  const listLimit = (AWS.partitionWrites / assumed.listUnits) * (taken / Math.max(ofTopType, 1e-9));
  const putLimit = knobs.putEvents * AWS.putEventsEntries;

  const projector = new Reader(shards, arriving);
  const publisher = new Reader(shards, arriving);
  const api = (taken * assumed.apiMs) / 1000;
  const busyReaders = (most: number) =>
    arriving.reduce(
      (sum, one) => sum + Math.min(knobs.parallelizationFactor, Math.ceil((one / most) * knobs.parallelizationFactor)),
      0,
    );
  const readers = busyReaders(projecting) + busyReaders(publishing);
  const share = Math.min(1, Math.max(0, knobs.concurrency - api) / readers);
  let delivered = 0;
  for (let second = 0; second < workload.seconds; second += 1) {
    projector.arrive();
    publisher.arrive();
    projector.work(projecting * share, listLimit);
    publisher.work(publishing * share, putLimit);
    delivered = Math.min(publisher.done * assumed.targets, delivered + knobs.invocations);
  }

  const deliveriesBehind = (publisher.done * assumed.targets - delivered) / Math.max(1, knobs.invocations);
  const held = (behind: number) => behind > 5;
  const busiestShard = arriving.reduce((max, one) => Math.max(max, one), 0);
  const holders: [Place, boolean][] = [
    ["Lambda concurrency", share < 1],
    ["projector", held(projector.behind) && busiestShard > projecting],
    ["list partition", held(projector.behind) && taken > listLimit],
    ["publisher", held(publisher.behind) && busiestShard > publishing],
    ["PutEvents quota", held(publisher.behind) && taken > putLimit],
    ["invocations quota", held(deliveriesBehind)],
  ];
  const refusers = (Object.entries(refused) as [Place, number][]).sort(([, a], [, b]) => b - a).map(([place]) => place);
  return {
    offered: workload.rate,
    taken,
    refused,
    busiest,
    shards,
    concurrency: Math.min(knobs.concurrency, api + readers),
    readModelsBehind: projector.behind,
    busBehind: publisher.behind,
    deliveriesBehind,
    limits: [...refusers, ...holders.flatMap(([place, isHolding]) => (isHolding ? [place] : []))],
  };
}
