import { isRefusedContent } from "../../event-store/dynamodb/index.ts";
import { messageOf } from "../../event-store/index.ts";
import type { Target } from "../target.ts";
import { lateIn } from "./lag-repair.ts";
import { type Patience, projectPatiently } from "./project-patiently.ts";
import type { Projector } from "./projector.ts";

/** Milliseconds: the type index is behind the table by moments, and clocks differ. */
const OVERLAP_MS = 15 * 60 * 1000;
/** Milliseconds that a further pass looks back before the one before it. */
const SHORT_OVERLAP_MS = 5_000;
/** Passes over what was appended meanwhile: on a busy table something is always under way. */
const MAX_PASSES = 5;
/** Entities whose positions are read together. */
const SLICE = 500;

/**
 * Brings every entity up to date that had events since a time and that live feeding has left behind in a generation
 * (its writes may have been refused, or its code was away); again until a pass finds none, five times at most. Reads
 * the keys of the type index since then, and the positions of their entities.
 *
 * @returns how many entities were brought up
 */
export async function catchUpSince(
  projector: Projector,
  target: Target,
  { since, patience }: { readonly since: Date; readonly patience: Patience },
): Promise<number> {
  const { clock } = projector.context;
  let total = 0;
  let from = since.getTime() - OVERLAP_MS;
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const began = clock().getTime();
    const brought = await passOver(projector, target, { since: new Date(from), patience }).catch(noneWithoutIndex);
    if (brought === 0) return total;
    total += brought;
    from = began - SHORT_OVERLAP_MS;
  }
  return total;
}

async function passOver(
  projector: Projector,
  target: Target,
  { since, patience }: { readonly since: Date; readonly patience: Patience },
): Promise<number> {
  let brought = 0;
  for (const aggregateType of Object.keys(target.projection.from)) {
    const keys = projector.context.store.readKeysByType(aggregateType, { fromTime: since.toISOString() });
    let heads = new Map<string, number>();
    for await (const { entityId, sequenceNumber } of keys) {
      heads.set(entityId, Math.max(sequenceNumber, heads.get(entityId) ?? 0));
      if (heads.size < SLICE) continue;
      brought += await bringUp(projector, target, { heads, patience });
      heads = new Map();
    }
    brought += await bringUp(projector, target, { heads, patience });
  }
  return brought;
}

async function bringUp(
  projector: Projector,
  target: Target,
  { heads, patience }: { readonly heads: ReadonlyMap<string, number>; readonly patience: Patience },
): Promise<number> {
  const known = [...heads].map(([entityId, head]) => ({ entityId, head }));
  const behind = await lateIn(projector, target, { heads: known, isConsistent: true });
  const batches = behind.map(({ entityId, head }) => ({ entityId, upTo: head, events: [] }));
  await projectPatiently(projector, target, batches, patience);
  return behind.length;
}

/** A table may have been made without the index: nothing can be looked up then. */
function noneWithoutIndex(error: unknown): number {
  if (isRefusedContent(error) && /index/i.test(messageOf(error))) return 0;
  throw error;
}
