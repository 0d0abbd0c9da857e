import type { EventBridgeEvent, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { busProjections } from "../../projections/index.ts";
import { readConfig } from "../config.ts";
import { groupByEntity } from "../stream/index.ts";
import { measureBatch } from "./measure.ts";
import { clock, createLogger, createMetrics, wireProjector } from "./wiring.ts";

const config = readConfig("projector");
const logger = createLogger();
const metrics = createMetrics();
const projector = wireProjector(config, config.PARK_AFTER, busProjections);

interface Place {
  readonly entityId: string;
  readonly sequenceNumber: number;
}

/** The event on the bus rings for its entity; the event itself, in its stored shape, is read from the store. */
function placeOf({ body }: SQSRecord): Place | undefined {
  const { detail } = JSON.parse(body) as EventBridgeEvent<string, Partial<Place> | undefined>;
  const { entityId, sequenceNumber } = detail ?? {};
  return entityId !== undefined && sequenceNumber !== undefined ? { entityId, sequenceNumber } : undefined;
}

/** The queue behind a rule of the bus into read models. Neither order nor being there once matters. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const places = Records.map((record) => ({ id: record.messageId, place: placeOf(record) }));
  const outcomes = await projector.project(groupByEntity(places.flatMap(({ place }) => place ?? [])));
  const failures = outcomes.flatMap((outcome) => outcome.failures);
  for (const { error, ...where } of failures) logger.warn(error.message, { ...where });
  logger.info(`projected ${outcomes.map(({ projection, applied }) => `${projection} ${applied}`).join(", ")}`, {
    records: Records.length,
  });
  measureBatch(metrics, outcomes, [], clock());
  const isFailed = ({ entityId, sequenceNumber }: Place) =>
    failures.some((failure) => failure.entityId === entityId && sequenceNumber >= failure.fromSequence);
  const failed = places.filter(({ place }) => place && isFailed(place));
  return { batchItemFailures: failed.map(({ id }) => ({ itemIdentifier: id })) };
}
