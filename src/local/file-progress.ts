import type { ShardPosition, ShardProgress } from "../stream/index.ts";
import { DamagedFileError, readState, writeWhole } from "./state-file.ts";

/** Progress of one mapping that also says how far it is. */
export interface FileProgress extends ShardProgress {
  /** The positions of its shards as they were last kept. */
  readonly shards: ReadonlyMap<string, ShardPosition>;
}

interface Saved {
  readonly streamArn: string;
  readonly shards: Readonly<Record<string, ShardPosition>>;
}

const REMEDY = "delete it, and its function is sent again what the stream still has (what it knows it passes by)";

/**
 * Progress of one mapping in a file; of another stream than the file's it knows nothing.
 *
 * @throws {DamagedFileError}
 */
export function fileProgress(path: string | undefined, streamArn: string): FileProgress {
  const shards = read(path, streamArn);
  return {
    shards,
    load: async () => shards,
    save: async (shardId, position) => {
      shards.set(shardId, position);
      if (path === undefined) return;
      writeWhole(path, JSON.stringify({ streamArn, shards: Object.fromEntries(shards) } satisfies Saved));
    },
  };
}

function read(path: string | undefined, streamArn: string): Map<string, ShardPosition> {
  const saved = path === undefined ? undefined : readState<Saved>(path, REMEDY);
  if (path === undefined || saved === undefined) return new Map();
  const positions = Object.entries(saved.shards ?? {});
  if (
    typeof saved.streamArn !== "string" ||
    saved.shards === undefined ||
    !positions.every(([, one]) => isPosition(one))
  )
    throw new DamagedFileError(path, "it has no streamArn or no positions of shards", REMEDY);
  return saved.streamArn === streamArn ? new Map(positions) : new Map();
}

const isPosition = (position: unknown): boolean =>
  position === "ended" ||
  (typeof position === "object" &&
    position !== null &&
    "sequenceNumber" in position &&
    typeof position.sequenceNumber === "string");
