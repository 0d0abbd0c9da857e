import { takesAggregate, versionOf } from "../../definition/projection.ts";
import {
  dynamoDbLagSweepProgress,
  type EntityHead,
  type LagRepair,
  type LagSweepReport,
  sweepLag,
} from "../../stream/index.ts";
import type { Target } from "../target.ts";
import { readPositions } from "./positions.ts";
import type { Projector } from "./projector.ts";

/**
 * Finds the entities that the projector has left behind in any of the generations that it feeds, and brings them up
 * (see `sweepLag`).
 */
export async function repairLag(projector: Projector, isTimeUp: () => boolean): Promise<LagSweepReport[]> {
  const { store, table, clock } = projector.context;
  const targets = await readyTargets(projector);
  const progress = dynamoDbLagSweepProgress(table, projector.reader);
  const types = [...new Set(targets.flatMap(({ projection }) => Object.keys(projection.from)))];
  const repair = (heads: readonly EntityHead[], aggregateType: string) => {
    const taking = targets.filter(({ projection }) => takesAggregate(projection, aggregateType));
    return repairIn(projector, taking, { heads, isTimeUp });
  };
  return sweepLag({ store, progress, clock, isTimeUp, repair }, types);
}

/** A generation that is being built is brought up to date by its rebuild. */
async function readyTargets(projector: Projector): Promise<Target[]> {
  const targets = await projector.targets();
  const ready = await Promise.all(
    targets.map(async ({ projection, generation }) => {
      const { all } = await projector.generations.get(generation.name, versionOf(projection));
      return all.some((one) => one.generation === generation.number && one.status === "ready");
    }),
  );
  return targets.filter((_, index) => ready[index]);
}

async function repairIn(
  projector: Projector,
  targets: readonly Target[],
  { heads, isTimeUp }: { readonly heads: readonly EntityHead[]; readonly isTimeUp: () => boolean },
): Promise<LagRepair> {
  const behind = new Set<string>();
  const failed = new Set<string>();
  for (const target of targets) {
    const late = await lateIn(projector, target, { heads });
    const batches = late.map(({ entityId, head }) => ({ entityId, upTo: head, events: [] }));
    const { failures } = await projector.projectInto(target, batches, isTimeUp);
    for (const { entityId } of late) behind.add(entityId);
    for (const { entityId } of failures) failed.add(entityId);
  }
  return { behind: [...behind], failed: [...failed] };
}

/** The entities that are not at their head in a generation, and not parked. */
export async function lateIn(
  projector: Projector,
  target: Target,
  {
    heads,
    isConsistent = false,
  }: { readonly heads: readonly EntityHead[]; readonly isConsistent?: boolean | undefined },
): Promise<EntityHead[]> {
  const ids = heads.map(({ entityId }) => entityId);
  const positions = await readPositions(projector.context.table, target.projection, {
    generation: target.generation,
    entityIds: ids,
    consistent: isConsistent,
  });
  return heads.filter(({ entityId, head }) => {
    const position = positions.get(entityId);
    return position !== undefined && !position.parked && position.checkpoint < head;
  });
}
