import { createHash } from "node:crypto";
import type { StoredEvent } from "../event.ts";
import { EVENT, EVENT_TYPE_INDEX, type USER_ACTION_INDEX } from "./attributes.ts";
import type { Item } from "./event-codec.ts";

export type IndexName = typeof EVENT_TYPE_INDEX | typeof USER_ACTION_INDEX;

/** Key and values of the index partitions that hold one aggregate type or one user. */
export interface IndexPartitions {
  readonly attribute: string;
  readonly values: readonly string[];
}

export const MAX_INDEX_SHARDS = 100;

/** An entity keeps to one shard, so its events come out of one partition in their order. */
export function shardOf(entityId: string, shards: number): number {
  return createHash("sha256").update(entityId).digest().readUInt32BE(0) % shards;
}

/** What an event carries for the sharded indexes; nothing where they are not sharded. */
export function shardAttributes(
  { entityId, aggregateType, userId }: Pick<StoredEvent, "entityId" | "aggregateType" | "userId">,
  shards: number,
): Item {
  if (shards === 1) return {};
  const shard = shardOf(entityId, shards);
  return {
    [EVENT.aggregateTypeShard]: { S: partitionText(aggregateType, shard) },
    [EVENT.userIdShard]: { S: partitionText(userId, shard) },
  };
}

export function partitionsOf(index: IndexName, value: string, shards: number): IndexPartitions {
  const isType = index === EVENT_TYPE_INDEX;
  if (shards === 1) return { attribute: isType ? EVENT.aggregateType : EVENT.userId, values: [value] };
  return {
    attribute: isType ? EVENT.aggregateTypeShard : EVENT.userIdShard,
    values: Array.from({ length: shards }, (_, shard) => partitionText(value, shard)),
  };
}

const partitionText = (value: string, shard: number): string => `${value}#${shard}`;
