import type { Shard } from "@aws-sdk/client-dynamodb-streams";
import type { PollerOptions, ShardPosition } from "./dynamodb-poller-options.ts";

/** Shards by their place among each other: each has one parent at most. */
export class ShardTree {
  readonly #parents: ReadonlyMap<string, string | undefined>;
  readonly #withChildren: ReadonlySet<string | undefined>;

  constructor(shards: readonly Shard[]) {
    this.#parents = new Map(shards.flatMap(({ ShardId: id, ParentShardId }) => (id ? [[id, ParentShardId]] : [])));
    this.#withChildren = new Set(this.#parents.values());
  }

  get ids(): Iterable<string> {
    return this.#parents.keys();
  }

  /** The parent, unless the stream has forgotten it. */
  parentOf(id: string): string | undefined {
    const parent = this.#parents.get(id);
    return parent !== undefined && this.#parents.has(parent) ? parent : undefined;
  }

  /** It was split or closed: nothing is written to it any more. */
  isClosed(id: string): boolean {
    return this.#withChildren.has(id);
  }

  /** Shards that a shard follows, nearest first. */
  *ancestorsOf(id: string): Iterable<string> {
    for (let parent = this.parentOf(id); parent !== undefined; parent = this.parentOf(parent)) yield parent;
  }
}

/**
 * Shards that are passed by: those that were closed before the first look when the newest is begun with, and those
 * without progress whose descendants have some.
 */
export function passedBy(
  tree: ShardTree,
  positions: ReadonlyMap<string, ShardPosition>,
  from: PollerOptions["startingPosition"],
) {
  const isNew = positions.size === 0;
  if (isNew) return from === "LATEST" ? [...tree.ids].filter((id) => tree.isClosed(id)) : [];
  const begun = [...tree.ids].filter((id) => positions.has(id));
  return begun.flatMap((id) => [...tree.ancestorsOf(id)]).filter((id) => !positions.has(id));
}
