import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { ShardPosition, ShardProgress } from "../stream/index.ts";

interface Saved {
  readonly streamArn: string;
  readonly shards: Readonly<Record<string, ShardPosition>>;
}

function read(path: string | undefined, streamArn: string): Map<string, ShardPosition> {
  if (path === undefined || !existsSync(path)) return new Map();
  const saved = JSON.parse(readFileSync(path, "utf8")) as Saved;
  return saved.streamArn === streamArn ? new Map(Object.entries(saved.shards)) : new Map();
}

/** Progress of one mapping in a file; of another stream than the file's it knows nothing. */
export function fileProgress(path: string | undefined, streamArn: string): ShardProgress {
  const shards = read(path, streamArn);
  if (path !== undefined) mkdirSync(dirname(path), { recursive: true });
  return {
    load: async () => shards,
    save: async (shardId, position) => {
      shards.set(shardId, position);
      if (path === undefined) return;
      writeFileSync(`${path}.new`, JSON.stringify({ streamArn, shards: Object.fromEntries(shards) } satisfies Saved));
      renameSync(`${path}.new`, path);
    },
  };
}
