import { type Projection, versionOf } from "../../definition/projection.ts";
import type { EventStore } from "../../event-store/index.ts";
import type { ReadModelTable } from "../../stream/index.ts";
import { type Checkpoints, countParked, createLagProbes, type Lag, type LagProbes } from "../../stream/index.ts";
import type { Generations } from "../generation.ts";
import type { ProjectionStatus } from "../status.ts";
import { readGenerations } from "./generations.ts";
import { readPositions } from "./positions.ts";

export interface StatusContext {
  readonly table: ReadModelTable;
  readonly store: EventStore;
  readonly projections: readonly Projection[];
  readonly clock: () => Date;
}

/** How far each projection is, by its checkpoints against the events of the last day (see `createLagProbes`). */
export async function readStatus(context: StatusContext): Promise<ProjectionStatus[]> {
  const probes = createLagProbes(context.store, context.clock);
  return Promise.all(context.projections.map((projection) => statusOf(context, projection, probes)));
}

async function statusOf(
  { table }: StatusContext,
  projection: Projection,
  probes: LagProbes,
): Promise<ProjectionStatus> {
  const { name } = projection;
  const version = versionOf(projection);
  const found = await readGenerations(table, name);
  const measured = measuredGeneration(found, version);
  const generation = { name, number: measured ?? 1 };
  const checkpointsOf = async (entityIds: readonly string[]): Promise<Checkpoints> => {
    const positions = await readPositions(table, projection, { generation, entityIds });
    return new Map([...positions].map(([id, { checkpoint, parked }]) => [id, parked ? undefined : checkpoint]));
  };
  return {
    projection: name,
    version,
    servingGeneration: found?.serving ?? null,
    generations: (found?.all ?? []).map(({ generation, version, status }) => ({ generation, version, status })),
    ...(measured === undefined ? UNMEASURED : await probes.lag(Object.keys(projection.from), checkpointsOf)),
    parked: await countParked(table, name),
  };
}

/** A new version that is not built yet: its lag is that of the one that is served, which has its own line. */
const UNMEASURED: Lag = { eventsBehind: 0, isFloor: true, oldestWaitingSeconds: 0 };

/** The generation whose checkpoints tell how far this version is: the served one, if it is of this version, else a built one. */
function measuredGeneration(found: Generations | undefined, version: number): number | undefined {
  if (!found) return 1;
  const own = found.all.filter((one) => one.version === version && one.status === "ready");
  const generations = own.map(({ generation }) => generation);
  return generations.includes(found.serving) ? found.serving : generations.at(-1);
}
