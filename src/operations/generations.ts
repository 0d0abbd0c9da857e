import type { Projection } from "../definition/index.ts";
import {
  forgetGeneration,
  type RebuildOptions,
  type RebuildProgress,
  readGenerations,
  rebuild,
  removeRows,
  rollback,
  servingOf,
  verify,
} from "../projector/dynamodb/index.ts";
import type { OperationsContext } from "./context.ts";
import type { Dropped, GenerationProgress, Verification } from "./contract.ts";

/**
 * Builds a new generation for some seconds, or goes on with one that is being built, and serves it when it is whole. What
 * was done is kept: called again, it goes on from there.
 */
export const workOnRebuild = (context: OperationsContext, projection: Projection): Promise<GenerationProgress> =>
  forSomeSeconds(context, (options) => rebuild(context.projector, projection, options));

/** Serves the generation before. With `catchUp` one that has missed events is completed first, for some seconds. */
export const workOnRollback = (
  context: OperationsContext,
  projection: Projection,
  { catchUp = false }: { readonly catchUp?: boolean | undefined },
): Promise<GenerationProgress> =>
  forSomeSeconds(context, (options) =>
    rollback(context.projector, projection, { clock: context.clock, catchUp: catchUp ? options : undefined }),
  );

/** Forgets a generation that is not served, and removes its rows; of one that is forgotten already, what is left of them. */
export async function dropGeneration(
  { table, projector, clock, pause }: OperationsContext,
  projection: Projection,
  { generation, abandon }: { readonly generation: number; readonly abandon?: boolean | undefined },
): Promise<Dropped> {
  const { name } = projection;
  const found = await readGenerations(table, name);
  const isForgotten =
    found !== undefined && generation <= (found.highest ?? 1) && !found.all.some(isNumber(generation));
  if (!isForgotten) {
    await forgetGeneration(projector, projection, { generation, clock, abandon: abandon ?? false });
    await pause(projector.generations.maxAgeMs * 1.5);
  }
  return { itemsRemoved: await removeRows(table, { name, number: generation }) };
}

const isNumber =
  (number: number) =>
  ({ generation }: { readonly generation: number }): boolean =>
    generation === number;

/** Recomputes the rows of the serving generation from the events, and tells what differs. */
export async function verifyRows(
  { store, table, service }: OperationsContext,
  projection: Projection,
): Promise<Verification> {
  const { eventTypes } = service;
  const found = await verify({ store, table, eventTypes }, projection, await servingOf(table, projection));
  return { ...found, behind: found.behind.length, skipped: found.skipped.length };
}

/** How long one call works on what takes longer. An answer through the API must come within 29 s. */
const SLICE_MS = 3_000;

/** The time of a call is over; what was done is stored. */
class SliceOver extends Error {
  constructor(readonly progress: RebuildProgress) {
    super("to be gone on with");
  }
}

async function forSomeSeconds(
  { clock, pause, countEvents }: OperationsContext,
  work: (options: RebuildOptions) => Promise<{ readonly generation: number }>,
): Promise<GenerationProgress> {
  const expectedEvents = await countEvents?.();
  let first: { readonly events: number; readonly time: number } | undefined;
  let events = 0;
  const onProgress = (progress: RebuildProgress): void => {
    const time = clock().getTime();
    first ??= { events: progress.events, time };
    events = progress.events;
    if (time - first.time > SLICE_MS && progress.segmentsDone < progress.segments) throw new SliceOver(progress);
  };
  const rate = (): number => {
    const seconds = first && (clock().getTime() - first.time) / 1_000;
    return first && seconds ? Math.round((events - first.events) / seconds) : 0;
  };
  try {
    const { generation } = await work({ clock, pause, onProgress });
    return { isDone: true, generation, events, eventsPerSecond: rate(), secondsLeft: 0 };
  } catch (error) {
    if (!(error instanceof SliceOver)) throw error;
    const left = expectedEvents === undefined ? undefined : Math.max(0, expectedEvents - events);
    const secondsLeft = left === undefined || rate() === 0 ? undefined : Math.round(left / rate());
    return {
      isDone: false,
      generation: error.progress.generation,
      events,
      eventsPerSecond: rate(),
      secondsLeft,
    };
  }
}
