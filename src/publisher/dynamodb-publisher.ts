import { checkPublicEvents } from "../definition/index.ts";
import { checkFields, type EventTypeLookup, EventTypeRegistry, type Fields } from "../event-store/index.ts";
import { type EntityBatch, findParked, NotParkedError, removeParked } from "../stream/index.ts";
import { parkedKeyOf, readProgressNow, writeProgress } from "./dynamodb-progress.ts";
import { PublishRun } from "./publish-run.ts";
import type { Publisher, PublisherOptions, PublishOutcome } from "./publisher.ts";

export { NotParkedError };

const OPTIONS: Fields<PublisherOptions> = {
  bus: true,
  store: true,
  table: true,
  eventTypes: true,
  source: true,
  snapshotRequestsOf: true,
  publishUserId: true,
  publicEvents: true,
  maxBytes: true,
  attempts: true,
  parkAfter: true,
  backOff: true,
  clock: true,
};

/**
 * Puts the events of a batch on the bus, each entity's in order, and keeps how far each entity is.
 *
 * @throws {InvalidArgumentError} for an unknown option, or a public event that no type is declared of
 */
export function createPublisher(options: PublisherOptions): Publisher {
  checkFields("options", options, OPTIONS);
  checkPublicEvents(options.publicEvents ?? {}, declaredIn(options.eventTypes));
  const { store, table } = options;

  const publish = (batches: readonly EntityBatch[], isTimeUp = () => false): Promise<PublishOutcome> =>
    new PublishRun(options, isTimeUp).run(batches);

  async function retry(entityId: string, skip = false): Promise<PublishOutcome> {
    const parked = await findParked(table, parkedKeyOf(entityId));
    if (!parked) throw new NotParkedError("the publisher", entityId);
    const { failing: _, ...progress } = await readProgressNow(table, entityId);
    const published = skip ? Math.max(progress.published, parked.sequenceNumber) : progress.published;
    if (!(await writeProgress(table, { ...progress, published, parked: false })))
      throw new Error(`${entityId} was moved by another process just now; look at it and try again`);
    let upTo = 0;
    for await (const event of store.readEvents(entityId, { direction: "backward", limit: 1 }))
      upTo = event.sequenceNumber;
    const outcome = await publish([{ entityId, upTo, events: [] }]);
    if (outcome.failures.length === 0 && outcome.parked === 0) await removeParked(table, parkedKeyOf(entityId), parked);
    return outcome;
  }

  return { publish, retry };
}

/** The event types of each aggregate, where they are told apart by it. */
function declaredIn(eventTypes: EventTypeLookup): ReadonlyMap<string, readonly string[]> | undefined {
  if (!(eventTypes instanceof EventTypeRegistry) || eventTypes.aggregates.length === 0) return undefined;
  return new Map(eventTypes.aggregates.map((one) => [one.aggregateType, Object.keys(one.eventTypes)]));
}
