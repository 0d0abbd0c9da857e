import { InvalidArgumentError } from "../event-store/index.ts";
import { retryParked, skipParked } from "../projector/dynamodb/index.ts";
import { listParked } from "../stream/index.ts";
import type { OperationsContext } from "./context.ts";
import type { ParkedList, ParkedOutcome } from "./contract.ts";

export const PUBLISHER = "publisher";

/** Entities that wait in a projection or in the publisher, or in any of them. @throws {InvalidArgumentError} */
export async function readParked(context: OperationsContext, reader?: string): Promise<ParkedList> {
  const readers = readersOf(context);
  if (reader !== undefined) checkReader(context, reader);
  const parked: ParkedList["parked"][number][] = [];
  for (const one of reader === undefined ? readers : [reader])
    for await (const entity of listParked(context.table, one)) parked.push(entity);
  return { parked };
}

/**
 * Tries a parked entity again, or passes the event by that it waits at.
 *
 * @throws {InvalidArgumentError} for an unknown reader @throws {NotParkedError}
 */
export async function resumeParked(
  context: OperationsContext,
  { reader, entityId, skip }: { readonly reader: string; readonly entityId: string; readonly skip: boolean },
): Promise<ParkedOutcome> {
  checkReader(context, reader);
  const { projector, publisher } = context;
  if (reader === PUBLISHER) {
    const { failures, parked } = await publisher.retry(entityId, skip);
    return { error: failures[0]?.error.message ?? (parked > 0 ? await errorOf(context, reader, entityId) : undefined) };
  }
  const outcomes = await (skip ? skipParked : retryParked)(projector, reader, entityId);
  const failed = outcomes.find(({ failedAt, parked }) => failedAt !== undefined || parked);
  return { error: failed && (failed.error?.message ?? (await errorOf(context, reader, entityId))) };
}

/** What it is parked with now, after it failed again. */
async function errorOf({ table }: OperationsContext, reader: string, entityId: string): Promise<string | undefined> {
  for await (const parked of listParked(table, reader))
    if (parked.entityId === entityId) return parked.error.split("\n")[0];
  return undefined;
}

const readersOf = ({ service }: OperationsContext): string[] => [
  ...service.projections.map(({ name }) => name),
  PUBLISHER,
];

function checkReader(context: OperationsContext, reader: string): void {
  const readers = readersOf(context);
  if (!readers.includes(reader)) throw new InvalidArgumentError("reader", reader, `one of ${readers.join(", ")}`);
}
