import { checkPollerOptions, type PollerOptions } from "./dynamodb-poller-options.ts";
import { ShardReader } from "./dynamodb-shard-reader.ts";
import { lookForShards } from "./dynamodb-shard-requests.ts";
import { passedBy, ShardTree } from "./dynamodb-shard-tree.ts";
import { sleep } from "./sleep.ts";

/**
 * Reads a table stream for as long as the signal stands: all shards, a parent to its end before its
 * children, new shards as they appear, progress kept per shard. LATEST counts for the first look without progress;
 * a shard that appears later was written meanwhile and is begun at its start. A shard that the stream forgets is at
 * its end. For the local run, and for workers in containers; on Lambda the event source mapping does this.
 *
 * @throws {InvalidArgumentError} for an unknown option
 * @throws what a shard could not recover from, after the other shards were stopped
 */
export async function pollStream(options: PollerOptions): Promise<void> {
  checkPollerOptions(options);
  const { signal, progress, discoverMs = 10_000 } = options;
  const positions = new Map(await progress.load());
  const running = new Map<string, Promise<void>>();
  const stop = new AbortController();
  const all = { ...options, signal: AbortSignal.any([signal, stop.signal]) };
  let failure: { error: unknown } | undefined;
  let wake = new AbortController();
  let startingPosition = positions.size === 0 ? options.startingPosition : "TRIM_HORIZON";
  let isFirstLook = true;

  function fail(error: unknown): void {
    failure ??= { error };
    stop.abort();
  }

  function start(shardId: string): void {
    const position = positions.get(shardId);
    const after = position === undefined || position === "ended" ? undefined : position.sequenceNumber;
    const reading = new ShardReader({ ...all, startingPosition }, shardId, after)
      .run()
      .then(() => void positions.set(shardId, "ended"))
      .catch(fail)
      .finally(() => {
        running.delete(shardId);
        wake.abort();
      });
    running.set(shardId, reading);
  }

  function startAll(tree: ShardTree): void {
    if (isFirstLook) for (const id of passedBy(tree, positions, options.startingPosition)) positions.set(id, "ended");
    for (const id of tree.ids) {
      const parent = tree.parentOf(id);
      const isParentRead = parent === undefined || positions.get(parent) === "ended";
      if (isParentRead && positions.get(id) !== "ended" && !running.has(id)) start(id);
    }
    isFirstLook = false;
    startingPosition = "TRIM_HORIZON";
  }

  while (!all.signal.aborted) {
    wake = new AbortController();
    const shards = await lookForShards(all).catch(fail);
    if (shards) startAll(new ShardTree(shards));
    await sleep(discoverMs, AbortSignal.any([all.signal, wake.signal]));
  }
  await Promise.all(running.values());
  if (failure) throw failure.error;
}
