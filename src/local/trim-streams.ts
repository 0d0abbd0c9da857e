import type { ShardPosition } from "../stream/index.ts";
import type { EngineFile } from "./engine-file.ts";

/** A table's stream with the readers that it has. */
export interface ReadStream {
  readonly table: string;
  readonly readers: readonly { readonly shards: ReadonlyMap<string, ShardPosition> }[];
}

/**
 * Removes from every stream what all of its readers have passed, where DynamoDB removes what is older
 * than 24 hours. A stream with a reader that has not begun, or of more than one shard, stays as it is.
 * Answers how many records were removed.
 */
export function trimStreams(file: EngineFile, streams: readonly ReadStream[]): number {
  let removed = 0;
  for (const { table, readers } of streams) {
    const upTo = passedByAll(readers.map(({ shards }) => [...shards.values()]));
    if (upTo !== undefined) removed += file.trim(table, upTo);
  }
  return removed;
}

function passedByAll(readers: readonly (readonly ShardPosition[])[]): string | undefined {
  let least: bigint | undefined;
  for (const [position, ...others] of readers) {
    if (position === undefined || position === "ended" || others.length > 0) return undefined;
    const passed = BigInt(position.sequenceNumber);
    if (least === undefined || passed < least) least = passed;
  }
  return least?.toString();
}
