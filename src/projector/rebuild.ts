import type { ScannedPage } from "../event-store/index.ts";
import { groupByEntity } from "../stream/index.ts";
import { type Projection, versionOf } from "./definition.ts";
import { findGenerations, type Generation, type Generations, writeGenerations } from "./dynamodb-generations.ts";
import { listParked } from "./dynamodb-parking.ts";
import { loadSegments, type SegmentPosition, saveSegment } from "./dynamodb-rebuild-progress.ts";
import type { Projector } from "./projector.ts";
import type { Target } from "./target.ts";

export interface RebuildProgress {
  readonly generation: number;
  readonly segmentsDone: number;
  readonly segments: number;
  readonly events: number;
  readonly eventsPerSecond: number;
  /** Undefined when it is not known how many events there are. */
  readonly secondsLeft: number | undefined;
}

export interface RebuildOptions {
  /** Parts of the table that are read at the same time. Default 4. */
  readonly segments?: number;
  /** Read capacity units a second, at most. Default: no limit. */
  readonly capacityPerSecond?: number;
  /** About how many events there are, for the time left. */
  readonly expectedEvents?: number;
  /** Events of one page. Default: what 1 MB holds. */
  readonly pageSize?: number;
  readonly onProgress?: (progress: RebuildProgress) => void;
  readonly clock: () => Date;
  readonly pause: (milliseconds: number) => Promise<void>;
}

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

const DEFAULT_SEGMENTS = 4;
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

/** Lets at most so many capacity units a second through, over all segments. */
class Pace {
  #due = 0;
  readonly #options: RebuildOptions;

  constructor(options: RebuildOptions) {
    this.#options = options;
  }

  async spend(units: number): Promise<void> {
    const { capacityPerSecond, clock, pause } = this.#options;
    if (capacityPerSecond === undefined) return;
    const now = clock().getTime();
    this.#due = Math.max(now, this.#due) + (units / capacityPerSecond) * 1000;
    if (this.#due > now) await pause(this.#due - now);
  }
}

class Rebuild {
  readonly #projector: Projector;
  readonly #target: Target;
  readonly #options: RebuildOptions;
  readonly #pace: Pace;
  readonly #startedAt: number;
  #events = 0;
  #done = 0;

  constructor(projector: Projector, target: Target, options: RebuildOptions) {
    this.#projector = projector;
    this.#target = target;
    this.#options = options;
    this.#pace = new Pace(options);
    this.#startedAt = options.clock().getTime();
  }

  #tell(): void {
    const { onProgress, clock, expectedEvents, segments = DEFAULT_SEGMENTS } = this.#options;
    const seconds = Math.max(0.001, (clock().getTime() - this.#startedAt) / 1000);
    const rate = this.#events / seconds;
    const left = expectedEvents === undefined ? undefined : Math.max(0, expectedEvents - this.#events);
    onProgress?.({
      generation: this.#target.of.generation,
      segmentsDone: this.#done,
      segments,
      events: this.#events,
      eventsPerSecond: Math.round(rate),
      secondsLeft: left === undefined || rate === 0 ? undefined : Math.round(left / rate),
    });
  }

  async #project(page: ScannedPage): Promise<void> {
    let waiting = groupByEntity(page.events);
    while (waiting.length > 0) {
      const { failures } = await this.#projector.projectInto(this.#target, waiting);
      const failed = new Set(failures.map(({ entityId }) => entityId));
      waiting = waiting.filter(({ entityId }) => failed.has(entityId));
      if (waiting.length > 0) await this.#options.pause(100);
    }
  }

  async segment(segment: number, position: SegmentPosition | undefined): Promise<void> {
    const { on, store } = this.#projector.context;
    const { segments = DEFAULT_SEGMENTS, pageSize } = this.#options;
    let start = position?.next;
    this.#events += position?.events ?? 0;
    let events = position?.events ?? 0;
    while (!position?.isDone) {
      const page = await store.scanEvents({ segment, segments, start, limit: pageSize });
      await this.#project(page);
      events += page.events.length;
      this.#events += page.events.length;
      start = page.next;
      await saveSegment(on, this.#target.of, segment, { next: start, isDone: start === undefined, events });
      this.#tell();
      if (start === undefined) break;
      await this.#pace.spend(page.capacityUnits);
    }
    this.#done += 1;
    this.#tell();
  }
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
 * @throws {RebuildIncompleteError} when entities are parked in the new generation
 */
export async function rebuild(
  projector: Projector,
  projection: Projection,
  options: RebuildOptions,
): Promise<{ readonly generation: number }> {
  const version = versionOf(projection);
  const { clock, pause, segments = DEFAULT_SEGMENTS } = options;
  const { all } = await changeGenerations(projector, projection, clock, (generations) =>
    withBuilding(generations, version, clock().toISOString()),
  );
  const building = all.find((one) => one.status === "building" && one.version === version);
  if (!building) throw new Error(`${projection.name}: no generation is being built`);
  const { generation } = building;
  const target: Target = { projection, of: { name: projection.name, generation } };
  await pause(projector.generations.maxAgeMs * 1.5);
  const positions = await loadSegments(projector.context.on, target.of, segments);
  const run = new Rebuild(projector, target, options);
  await Promise.all(Array.from({ length: segments }, (_, segment) => run.segment(segment, positions.get(segment))));
  const parked = await parkedIn(projector, target);
  if (parked.length > 0) throw new RebuildIncompleteError(projection.name, generation, parked);
  await changeGenerations(projector, projection, clock, (generations) => ({
    ...generations,
    serving: generation,
    previous: generations.serving,
    all: generations.all.map((one) => (one.generation === generation ? { ...one, status: "ready" } : one)),
  }));
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
