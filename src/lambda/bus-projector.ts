import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import * as z from "zod";
import { readConfig } from "../config.ts";
import type { ServiceDefinition } from "../definition/index.ts";
import { type EventStore, isEventStoreError, isWellFormed, MAX_PARTITION_KEY_BYTES } from "../event-store/index.ts";
import { repairLag } from "../projector/dynamodb/index.ts";
import { groupByEntity } from "../stream/index.ts";
import { measureBatch } from "./measure.ts";
import {
  clock,
  createLogger,
  createMetrics,
  isLagSweep,
  type LagSweepRequest,
  tellSweep,
  timeUpOf,
  wireProjector,
} from "./wiring.ts";

type Logger = ReturnType<typeof createLogger>;

/** The function that brings a queue behind a rule of the bus into read models; by schedule, what it has left behind. */
export function createBusProjectorHandler(service: ServiceDefinition) {
  const config = readConfig("projector");
  const logger = createLogger();
  const metrics = createMetrics();
  const projector = wireProjector(service, config, "bus");
  const { store } = projector.context;

  /** Neither the order of the messages nor their number matters. */
  async function projectMessages({ Records }: SQSEvent, isTimeUp: () => boolean): Promise<SQSBatchResponse> {
    const messages = await Promise.all(
      Records.map(async (record) => ({
        id: record.messageId,
        place: await placeInStore(store, placeOf(record, logger), logger),
      })),
    );
    const outcomes = await projector.project(groupByEntity(messages.flatMap(({ place }) => place ?? [])), isTimeUp);
    const failures = outcomes.flatMap((outcome) => outcome.failures);
    for (const { error, ...where } of failures) logger.warn(error.message, { ...where });
    logger.info(`projected ${outcomes.map(({ projection, applied }) => `${projection} ${applied}`).join(", ")}`, {
      records: Records.length,
    });
    measureBatch(metrics, outcomes, { records: [], now: clock() });
    const isFailed = (place: Place | undefined) =>
      !place ||
      failures.some(
        ({ entityId, fromSequence }) => entityId === place.entityId && place.sequenceNumber >= fromSequence,
      );
    const failed = messages.filter(({ place }) => isFailed(place));
    return { batchItemFailures: failed.map(({ id }) => ({ itemIdentifier: id })) };
  }

  return async (event: SQSEvent | LagSweepRequest, context: Context): Promise<SQSBatchResponse> => {
    if (!isLagSweep(event)) return projectMessages(event, timeUpOf(context));
    tellSweep(logger, metrics, await repairLag(projector, timeUpOf(context)));
    return { batchItemFailures: [] };
  };
}

/** A message whose event the store does not have fails alone, and its entity is left alone. */
async function placeInStore(store: EventStore, place: Place | undefined, logger: Logger): Promise<Place | undefined> {
  if (!place) return undefined;
  const { entityId, sequenceNumber } = place;
  const range = { fromSequence: sequenceNumber, toSequence: sequenceNumber };
  try {
    for await (const _ of store.readEvents(entityId, range)) return place;
  } catch (error) {
    // It is there, and cannot be taken: the projections count that, and park it.
    if (isEventStoreError(error)) return place;
    throw error;
  }
  logger.warn(`the store has no event ${sequenceNumber} of ${entityId}`, { ...place });
  return undefined;
}

/**
 * The event on the bus tells of its entity; the event itself, in its stored shape, is read from the store. A body
 * that is no event fails alone and comes to the dead letters in the end.
 */
function placeOf({ messageId, body }: SQSRecord, logger: Logger): Place | undefined {
  try {
    return message.parse(JSON.parse(body)).detail;
  } catch (error) {
    logger.warn("a message is no published event", { messageId, error: String(error) });
    return undefined;
  }
}

const message = z.object({
  detail: z.object({
    entityId: z
      .string()
      .min(1)
      .refine((id) => isWellFormed(id) && Buffer.byteLength(id) <= MAX_PARTITION_KEY_BYTES, "expected a key's text"),
    sequenceNumber: z.int().min(1),
  }),
});

type Place = z.infer<typeof message>["detail"];
