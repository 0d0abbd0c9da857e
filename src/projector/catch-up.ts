import { isRefusedContent } from "../event-store/index.ts";
import { readPositions } from "./dynamodb-positions.ts";
import type { Projector } from "./projector.ts";
import type { Target } from "./target.ts";

/** Milliseconds: the type index is behind the table by moments, and clocks differ. */
const OVERLAP_MS = 15 * 60 * 1000;
/** Looks at what was appended meanwhile, until one finds nothing that is behind. */
const MAX_LOOKS = 20;
/** Entities whose positions are read together. */
const SLICE = 500;

/**
 * Brings every entity up to date that had events since a time and that live feeding has left behind in a generation
 * (its writes may have been refused, or its code was away), until a look finds none. Reads the keys of the type
 * index since then, and the positions of their entities.
 *
 * @returns how many entities were brought up
 */
export async function catchUpSince(projector: Projector, target: Target, since: Date): Promise<number> {
  const { clock } = projector.context;
  let total = 0;
  let from = since;
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const began = clock();
    const heads = await headsSince(projector, target, new Date(from.getTime() - OVERLAP_MS)).catch(noneWithoutIndex);
    const brought = await bringUp(projector, target, [...heads]);
    if (brought === 0) return total;
    total += brought;
    from = began;
  }
  return total;
}

/** The last event of each entity that had one since a time. */
async function headsSince({ context }: Projector, { projection }: Target, since: Date): Promise<Map<string, number>> {
  const heads = new Map<string, number>();
  for (const aggregateType of Object.keys(projection.from)) {
    const keys = context.store.readKeysByType(aggregateType, { fromTime: since.toISOString() });
    for await (const { entityId, sequenceNumber } of keys)
      heads.set(entityId, Math.max(sequenceNumber, heads.get(entityId) ?? 0));
  }
  return heads;
}

/** A table may have been made without the index: nothing can be looked up then. */
function noneWithoutIndex(error: unknown): Map<string, number> {
  if (isRefusedContent(error)) return new Map();
  throw error;
}

async function bringUp(
  projector: Projector,
  target: Target,
  heads: readonly (readonly [string, number])[],
): Promise<number> {
  let brought = 0;
  for (let start = 0; start < heads.length; start += SLICE) {
    const slice = heads.slice(start, start + SLICE);
    const ids = slice.map(([entityId]) => entityId);
    const positions = await readPositions(projector.context.on, target.projection, target.of, ids, true);
    const behind = slice.filter(([entityId, head]) => {
      const position = positions.get(entityId);
      return position && !position.parked && position.checkpoint < head;
    });
    if (behind.length === 0) continue;
    const batches = behind.map(([entityId, upTo]) => ({ entityId, upTo, events: [] }));
    const { failures } = await projector.projectInto(target, batches);
    if (failures[0]) throw failures[0].error;
    brought += behind.length;
  }
  return brought;
}
