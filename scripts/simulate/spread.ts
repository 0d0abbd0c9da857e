import { createHash } from "node:crypto";
import { shardOf } from "../../src/event-store/dynamodb/index-shards.ts";
import type { Workload } from "./model.ts";

/** The entities of a workload: how often each is written, of which type it is, where it lies. */
export interface Spread {
  /** Share of the events, by entity; all together 1. */
  readonly weights: Float64Array;
  readonly isTopType: Uint8Array;
  /** The store's own shard of each entity. */
  readonly indexShard: Uint16Array;
  readonly partition: Uint16Array;
}

export function spread(
  { entities, skew, topType }: Workload,
  { indexShards, partitions }: { readonly indexShards: number; readonly partitions: number },
): Spread {
  const weights = new Float64Array(entities);
  const isTopType = new Uint8Array(entities);
  const indexShard = new Uint16Array(entities);
  const partition = new Uint16Array(entities);
  let sum = 0;
  for (let n = 0; n < entities; n += 1) {
    const weight = 1 / (n + 1) ** skew;
    weights[n] = weight;
    sum += weight;
    const digest = createHash("sha256").update(`partition of entity-${n}`).digest();
    partition[n] = digest.readUInt32BE(0) % partitions;
    isTopType[n] = digest.readUInt32BE(4) / 2 ** 32 < topType ? 1 : 0;
    indexShard[n] = shardOf(`entity-${n}`, indexShards);
  }
  for (let n = 0; n < entities; n += 1) weights[n] = (weights[n] ?? 0) / sum;
  return { weights, isTopType, indexShard, partition };
}
