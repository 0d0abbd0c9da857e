import { listParked, NotParkedError, type ParkedEntity, removeParked } from "../../stream/index.ts";
import type { Target } from "../target.ts";
import type { EntityOutcome } from "./entity-outcome.ts";
import type { Projector } from "./projector.ts";
import { parkedKey } from "./read-model-keys.ts";
import { skipEvent, unpark } from "./unpark.ts";

export { NotParkedError };

/**
 * Tries a parked entity again, after a fix. It is free from then on, and listed as parked until it has
 * caught up: when its event fails again, retry it again after the next fix.
 *
 * @throws {NotParkedError}
 */
export async function retryParked(projector: Projector, name: string, entityId: string): Promise<EntityOutcome[]> {
  const found = await find(projector, name, entityId);
  return Promise.all(
    found.map(async ({ target, parked }) => {
      await unpark(projector.context.table, target, entityId);
      return readOnAndClear(projector, target, parked);
    }),
  );
}

/**
 * Passes the one event by that a parked entity waits at, and reads on. The event stays in the store.
 *
 * @throws {NotParkedError}
 */
export async function skipParked(projector: Projector, name: string, entityId: string): Promise<EntityOutcome[]> {
  const found = await find(projector, name, entityId);
  return Promise.all(
    found.map(async ({ target, parked }) => {
      await skipEvent(projector.context.table, target, entityId, parked.sequenceNumber);
      return readOnAndClear(projector, target, parked);
    }),
  );
}

async function find(
  projector: Projector,
  name: string,
  entityId: string,
): Promise<{ parked: ParkedEntity; target: Target }[]> {
  const targets = await projector.targets();
  const found: { parked: ParkedEntity; target: Target }[] = [];
  for await (const parked of listParked(projector.context.table, name)) {
    const target = targets.find(
      ({ generation }) => generation.name === name && generation.number === parked.generation,
    );
    if (parked.entityId === entityId && target) found.push({ parked, target });
  }
  if (found.length === 0) throw new NotParkedError(name, entityId);
  return found;
}

/** Reads on, and takes the entity from the list when it has caught up; what failed again stays in it. */
async function readOnAndClear(projector: Projector, target: Target, parked: ParkedEntity): Promise<EntityOutcome> {
  const outcome = await readOn(projector, target, parked.entityId);
  const hasCaughtUp = outcome.failedAt === undefined && !outcome.parked;
  if (hasCaughtUp) await removeParked(projector.context.table, parkedKey(target.generation, parked.entityId), parked);
  return outcome;
}

/**
 * Reads on from the checkpoint to the head. The head is looked at again after the entity is free,
 * for until then the projector passes its events by.
 */
async function readOn(projector: Projector, target: Target, entityId: string): Promise<EntityOutcome> {
  const { store } = projector.context;
  let outcome: EntityOutcome | undefined;
  for (let upTo = 0; ; ) {
    let head = 0;
    for await (const event of store.readEvents(entityId, { direction: "backward", limit: 1 }))
      head = event.sequenceNumber;
    if (outcome && (head === upTo || outcome.failedAt !== undefined || outcome.parked)) return outcome;
    upTo = head;
    outcome = await projector.projectOne(target, { entityId, upTo, events: [] });
  }
}
