import { listParked } from "../stream/index.ts";
import { type Projection, versionOf } from "./definition.ts";
import { findGenerations, type Generation, type Generations, writeGenerations } from "./dynamodb-generations.ts";
import type { Projector } from "./projector.ts";
import { checkRebuild, type RebuildOptions, scanInto } from "./rebuild-scan.ts";
import type { Target } from "./target.ts";

/** The rebuild is not finished: some entities are parked in the new generation, so it is not served. */
export class RebuildIncompleteError extends Error {
  readonly code = "REBUILD_INCOMPLETE";
  constructor(
    readonly projection: string,
    readonly generation: number,
    readonly parked: readonly string[],
  ) {
    super(
      `${projection}@${generation}: ${parked.length} parked (${parked.slice(0, 5).join(", ")}); fix, retry them and rebuild again`,
    );
    this.name = "RebuildIncompleteError";
  }
}

/** How often a conditional write of the generations is tried when others change them too. */
const TRIES = 10;

async function changeGenerations(
  projector: Projector,
  projection: Projection,
  now: () => Date,
  change: (generations: Generations) => Generations,
): Promise<Generations> {
  const { on } = projector.context;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const found = await findGenerations(on, projection.name, versionOf(projection), now().toISOString());
    const next = change(found);
    if (next === found || (await writeGenerations(on, next))) {
      projector.generations.forget(projection.name);
      return next;
    }
  }
  throw new Error(`${projection.name}: the generations were changed by others ${TRIES} times in a row`);
}

/** The generation that a rebuild was cut off in, or a new one. */
function withBuilding(generations: Generations, version: number, startedAt: string): Generations {
  if (generations.all.some((one) => one.status === "building" && one.version === version)) return generations;
  const generation = Math.max(...generations.all.map((one) => one.generation), generations.highest ?? 0) + 1;
  const building: Generation = { generation, version, status: "building", startedAt };
  return { ...generations, highest: generation, all: [...generations.all, building] };
}

async function parkedIn(projector: Projector, target: Target): Promise<string[]> {
  const ids: string[] = [];
  for await (const { generation, entityId } of listParked(projector.context.on, target.of.name)) {
    if (generation === target.of.generation) ids.push(entityId);
  }
  return ids;
}

/**
 * Builds a new generation of a projection beside the serving one and then serves it. Live events
 * flow into both meanwhile. Cut off anywhere, the next call goes on: finished segments are not read
 * again. Nothing but rows is written: no publishing, no notices.
 *
 * @throws {InvalidArgumentError} naming the option that is off; nothing was begun
 * @throws {RebuildIncompleteError} when entities are parked in the new generation; what the tables
 * answered when they did so again and again. Nothing runs on then.
 */
export async function rebuild(
  projector: Projector,
  projection: Projection,
  options: RebuildOptions,
): Promise<{ readonly generation: number }> {
  checkRebuild(options);
  const version = versionOf(projection);
  const { clock, pause } = options;
  const { all } = await changeGenerations(projector, projection, clock, (generations) =>
    withBuilding(generations, version, clock().toISOString()),
  );
  const building = all.find((one) => one.status === "building" && one.version === version);
  if (!building) throw new Error(`${projection.name}: no generation is being built`);
  const { generation } = building;
  const target: Target = { projection, of: { name: projection.name, generation } };
  await pause(projector.generations.maxAgeMs * 1.5);
  await scanInto(projector, target, options);
  const parked = await parkedIn(projector, target);
  if (parked.length > 0) throw new RebuildIncompleteError(projection.name, generation, parked);
  await changeGenerations(projector, projection, clock, (generations) => {
    if (generations.serving === generation) return generations;
    const all = generations.all.map((one) =>
      one.generation === generation ? { ...one, status: "ready" as const } : one,
    );
    return { ...generations, serving: generation, previous: generations.serving, all };
  });
  return { generation };
}

/** Serves the generation before again. It was fed all the while. */
export async function rollback(
  projector: Projector,
  projection: Projection,
  clock: () => Date,
): Promise<{ readonly generation: number }> {
  const { serving } = await changeGenerations(projector, projection, clock, (generations) => {
    const { previous } = generations;
    if (previous === undefined || !generations.all.some((one) => one.generation === previous)) {
      throw new Error(`${projection.name}: there is no generation to go back to`);
    }
    return { ...generations, serving: previous, previous: generations.serving };
  });
  return { generation: serving };
}

/** Forgets a generation that is not served. Its rows are removed by `removeRows` after projectors have let go of it. */
export async function forgetGeneration(
  projector: Projector,
  projection: Projection,
  generation: number,
  clock: () => Date,
): Promise<void> {
  await changeGenerations(projector, projection, clock, (generations) => {
    if (generations.serving === generation)
      throw new Error(`${projection.name}@${generation} is the serving generation`);
    const all = generations.all.filter((one) => one.generation !== generation);
    if (all.length === generations.all.length) throw new Error(`${projection.name} has no generation ${generation}`);
    return { ...generations, all, previous: generations.previous === generation ? undefined : generations.previous };
  });
}
