import { type Projection, versionOf } from "../../definition/projection.ts";
import { listParked } from "../../stream/index.ts";
import type { Generation, Generations } from "../generation.ts";
import {
  GenerationNotFedError,
  GenerationRefusedError,
  RebuildIncompleteError,
  RebuildOvertakenError,
} from "../generation-errors.ts";
import type { Target } from "../target.ts";
import { catchUpSince } from "./catch-up.ts";
import { changeGenerations } from "./change-generations.ts";
import { readFeeding } from "./feeding.ts";
import { findGenerations } from "./generations.ts";
import type { Projector } from "./projector.ts";
import { checkRebuild, type RebuildOptions, scanInto } from "./rebuild-scan.ts";

/**
 * Builds a new generation of a projection beside the serving one and then serves it. Live events
 * flow into both meanwhile; what they left behind in the new one is caught up before it is served. Cut off
 * anywhere, the next call goes on: finished segments are not read again, unless code ran meanwhile that did
 * not feed the generation. Nothing but rows is written: no publishing, no snapshot requests.
 *
 * @throws {InvalidArgumentError} naming the option that is invalid; nothing was begun
 * @throws {RebuildIncompleteError} when entities are parked in the new generation
 * @throws {RebuildOvertakenError} when the generation was dropped, or another one was served meanwhile
 * @throws what the tables answered when they did so again and again. Nothing runs on then.
 */
export async function rebuild(
  projector: Projector,
  projection: Projection,
  options: RebuildOptions,
): Promise<{ readonly generation: number }> {
  checkRebuild(options);
  const version = versionOf(projection);
  const { clock, pause } = options;
  const began = await changeGenerations(projector, projection, {
    now: clock,
    change: (generations) => withBuilding(generations, version, clock().toISOString()),
  });
  const building = findBuilding(began, version);
  if (!building) throw new Error(`${projection.name}: no generation is being built`);
  const { generation } = building;
  const target: Target = { projection, generation: { name: projection.name, number: generation } };
  await pause(untilFed(projector, building, clock()));
  const { scan, startedAt } = await goOnWith(projector, target, building, options);
  await scanInto(projector, target, scan, options);
  const { gap } = await readFeeding(projector.context.table, target.generation);
  await catchUpSince(projector, target, { since: new Date(startedAt), patience: options });
  const parked = await parkedIn(projector, target);
  if (parked.length > 0) throw new RebuildIncompleteError(projection.name, generation, parked);
  const lastPass = clock();
  await changeGenerations(projector, projection, {
    now: clock,
    change: (generations) => serveBuilt(generations, { ...building, gap }, { began, now: clock() }),
  });
  // It is served: what a failure leaves behind here, its live feeding and the lag sweep make up for.
  await catchUpSince(projector, target, { since: lastPass, patience: options }).catch(() => undefined);
  return { generation };
}

/** Milliseconds until every projector knows of a generation, and feeds it; of one that is gone on with they do. */
function untilFed({ generations }: Projector, { startedAt }: Generation, now: Date): number {
  const known = generations.maxAgeMs * 1.5;
  return now.getTime() - Date.parse(startedAt) > known + CLOCKS_APART_MS ? 0 : known;
}

/** Milliseconds by which the clocks of two machines may stand apart here. */
const CLOCKS_APART_MS = 10_000;

/** The generation that a rebuild was cut off in, or a new one. */
function withBuilding(generations: Generations, version: number, startedAt: string): Generations {
  if (findBuilding(generations, version)) return generations;
  const generation = Math.max(...generations.all.map((one) => one.generation), generations.highest ?? 0) + 1;
  const building: Generation = { generation, version, status: "building", startedAt };
  return { ...generations, highest: generation, all: [...generations.all, building] };
}

const findBuilding = ({ all }: Generations, version: number): Generation | undefined =>
  all.find((one) => one.status === "building" && one.version === version);

/** A gap since its scan began makes the finished segments of a generation worthless: it is scanned again. */
async function goOnWith(
  projector: Projector,
  target: Target,
  building: Generation,
  { clock }: Pick<RebuildOptions, "clock">,
): Promise<{ readonly scan: number; readonly startedAt: string }> {
  const { gap } = await readFeeding(projector.context.table, target.generation);
  const { scan = 0, startedAt, generation } = building;
  if (gap === building.gap) return { scan, startedAt };
  const again = { scan: scan + 1, gap, startedAt: clock().toISOString() };
  await changeGenerations(projector, target.projection, {
    now: clock,
    change: (generations) => {
      const found = generations.all.find((one) => one.generation === generation);
      if (found?.status !== "building")
        throw new RebuildOvertakenError(
          target.generation.name,
          generation,
          "another rebuild has finished or dropped it",
        );
      return replaced(generations, { ...found, ...again });
    },
  });
  return again;
}

/** Serves what was built, unless it is gone or somebody has served or rolled back since the rebuild began. */
function serveBuilt(
  generations: Generations,
  { generation, gap }: Generation,
  { began, now }: { readonly began: Generations; readonly now: Date },
): Generations {
  const { name, serving, swaps = 0 } = generations;
  const found = generations.all.find((one) => one.generation === generation);
  if (!found) throw new RebuildOvertakenError(name, generation, "it was dropped");
  if (serving === generation) return generations;
  if (swaps !== (began.swaps ?? 0))
    throw new RebuildOvertakenError(name, generation, `generation ${serving} was served meanwhile, and is left so`);
  return serve(replaced(generations, { ...found, status: "ready", gap }), generation, now);
}

/**
 * Serves the generation before again, which was fed all the while.
 *
 * @param catchUp when it was not: scan the events for what is missing, and serve it then. Default: refuse.
 * @throws {GenerationNotFedError} when code ran meanwhile that did not feed it
 */
export async function rollback(
  projector: Projector,
  projection: Projection,
  { clock, catchUp }: { readonly clock: () => Date; readonly catchUp?: RebuildOptions | undefined },
): Promise<{ readonly generation: number }> {
  if (catchUp) checkRebuild(catchUp);
  const { name } = projection;
  const found = await findGenerations(projector.context.table, name, {
    version: versionOf(projection),
    now: clock().toISOString(),
  });
  const previous = found.all.find(({ generation }) => generation === found.previous);
  if (!previous) throw new GenerationRefusedError(name, "there is no generation to go back to");
  const generation = { name, number: previous.generation };
  const { isFed, gap } = await readFeeding(projector.context.table, generation);
  const isWhole = isFed && gap === previous.gap;
  const canCatchUp = catchUp !== undefined && previous.version === versionOf(projection);
  if (!isWhole && !canCatchUp) throw new GenerationNotFedError(name, previous, { gap, own: versionOf(projection) });
  if (!isWhole && catchUp) await completeGeneration(projector, { projection, generation }, previous, catchUp);
  const { serving } = await changeGenerations(projector, projection, {
    now: clock,
    change: (generations) => {
      const isThere = generations.all.some(({ generation }) => generation === previous.generation);
      if (!isThere || generations.previous !== previous.generation)
        throw new RebuildOvertakenError(name, previous.generation, "the generations were changed meanwhile");
      return serve(generations, previous.generation, clock());
    },
  });
  return { generation: serving };
}

/** Scans the events once more into a generation that missed some; a scan that was cut off is gone on with, unless it has missed some since. */
async function completeGeneration(
  projector: Projector,
  target: Target,
  { generation, scan: scans = 0, completing }: Generation,
  options: RebuildOptions,
): Promise<void> {
  const { clock } = options;
  const { gap } = await readFeeding(projector.context.table, target.generation);
  const isSame = completing !== undefined && completing.gap === gap;
  const now = isSame ? completing : { scan: scans + 1, gap, startedAt: clock().toISOString() };
  const change = (by: Partial<Generation>) =>
    changeGenerations(projector, target.projection, {
      now: clock,
      change: (generations) => {
        const found = generations.all.find((one) => one.generation === generation);
        if (!found) throw new RebuildOvertakenError(target.generation.name, generation, "it was dropped");
        return replaced(generations, { ...found, ...by });
      },
    });
  if (!isSame) await change({ scan: now.scan, completing: now });
  await scanInto(projector, target, now.scan, options);
  await catchUpSince(projector, target, { since: new Date(now.startedAt), patience: options });
  const parked = await parkedIn(projector, target);
  if (parked.length > 0) throw new RebuildIncompleteError(target.generation.name, generation, parked);
  await change({ gap, completing: undefined });
}

function replaced(generations: Generations, by: Generation): Generations {
  const isThere = generations.all.some(({ generation }) => generation === by.generation);
  if (!isThere) throw new RebuildOvertakenError(generations.name, by.generation, "it was dropped");
  return { ...generations, all: generations.all.map((one) => (one.generation === by.generation ? by : one)) };
}

async function parkedIn(projector: Projector, target: Target): Promise<string[]> {
  const ids: string[] = [];
  for await (const { generation, entityId } of listParked(projector.context.table, target.generation.name)) {
    if (generation === target.generation.number) ids.push(entityId);
  }
  return ids;
}

const serve = (generations: Generations, generation: number, now: Date): Generations => ({
  ...generations,
  serving: generation,
  previous: generations.serving,
  servedAt: now.toISOString(),
  swaps: (generations.swaps ?? 0) + 1,
});
