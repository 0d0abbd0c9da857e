import type { EntityBatch } from "../../stream/index.ts";
import type { Target } from "../target.ts";
import type { Projector } from "./projector.ts";

export interface Patience {
  readonly pause: (milliseconds: number) => Promise<void>;
  /** True when it is to end where it is. Default: never. */
  readonly isStopping?: () => boolean;
}

/** Tries beyond those after which a poison event is parked. */
const FURTHER_TRIES = 10;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Brings entities up to a batch, and those that fail again, with pauses that grow. Poison is parked after some tries;
 * what fails longer than that is not the event's fault.
 *
 * @throws the first error that was left then
 */
export async function projectPatiently(
  projector: Projector,
  target: Target,
  batches: readonly EntityBatch[],
  { pause, isStopping = () => false }: Patience,
): Promise<void> {
  const tries = projector.context.parkAfter + FURTHER_TRIES;
  let waiting = batches;
  for (let done = 1; waiting.length > 0 && !isStopping(); done += 1) {
    const { failures } = await projector.projectInto(target, waiting);
    const [first] = failures;
    if (!first) return;
    if (done >= tries) throw first.error;
    const failed = new Set(failures.map(({ entityId }) => entityId));
    waiting = waiting.filter(({ entityId }) => failed.has(entityId));
    await pause(Math.min(LONGEST_PAUSE_MS, 100 * 1.5 ** (done - 1)));
  }
}
