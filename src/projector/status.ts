import type { EventStore } from "../event-store/index.ts";
import { type Checkpoints, createProbes, type Probes, type Waiting } from "../stream/index.ts";
import { type Projection, versionOf } from "./definition.ts";
import { readGenerations } from "./dynamodb-generations.ts";
import { listParked } from "./dynamodb-parking.ts";
import { type ReadModelTable, readPositions } from "./dynamodb-positions.ts";

/** How far a projection is. Events of its parked entities do not count as waiting. */
export interface ProjectionStatus extends Waiting {
  readonly projection: string;
  readonly version: number;
  readonly servingGeneration: number | null;
  readonly generations: readonly { readonly generation: number; readonly version: number; readonly status: string }[];
  /** Parked entities. */
  readonly parked: number;
}

export interface StatusContext {
  readonly on: ReadModelTable;
  readonly store: EventStore;
  readonly projections: readonly Projection[];
  readonly clock: () => Date;
}

async function parkedIn(on: ReadModelTable, name: string): Promise<number> {
  let count = 0;
  for await (const parked of listParked(on, name)) count += parked ? 1 : 0;
  return count;
}

async function statusOf({ on }: StatusContext, projection: Projection, probes: Probes): Promise<ProjectionStatus> {
  const { name } = projection;
  const found = await readGenerations(on, name);
  const of = { name, generation: found?.serving ?? 1 };
  const checkpointsOf = async (entityIds: readonly string[]): Promise<Checkpoints> => {
    const positions = await readPositions(on, projection, of, entityIds);
    return new Map([...positions].map(([id, { checkpoint, parked }]) => [id, parked ? undefined : checkpoint]));
  };
  return {
    projection: name,
    version: versionOf(projection),
    servingGeneration: found?.serving ?? null,
    generations: (found?.all ?? []).map(({ generation, version, status }) => ({ generation, version, status })),
    ...(await probes.waiting(Object.keys(projection.from), checkpointsOf)),
    parked: await parkedIn(on, name),
  };
}

/** How far each projection is, by its checkpoints against the events of the last day (see `createProbes`). */
export async function readStatus(context: StatusContext): Promise<ProjectionStatus[]> {
  const probes = createProbes(context.store, context.clock);
  return Promise.all(context.projections.map((projection) => statusOf(context, projection, probes)));
}
