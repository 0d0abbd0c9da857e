import { readStatus } from "../projector/dynamodb/index.ts";
import { readPublisherStatus } from "../publisher/index.ts";
import { countParked } from "../stream/index.ts";
import type { OperationsContext } from "./context.ts";
import type { ReadersStatus } from "./contract.ts";
import { PUBLISHER } from "./parked.ts";

/** How far every reader of the events is, and what waits in it. */
export async function readReaders({ service, store, table, clock }: OperationsContext): Promise<ReadersStatus> {
  const aggregateTypes = Object.values(service.aggregates).map(({ aggregateType }) => aggregateType);
  const [projections, lag, parked] = await Promise.all([
    readStatus({ table, store, projections: service.projections, clock }),
    readPublisherStatus({ table, store, aggregateTypes, clock }),
    countParked(table, PUBLISHER),
  ]);
  return { projections, publisher: { ...lag, parked } };
}
