import { DescribeTableCommand, type DynamoDBClient, type TableDescription } from "@aws-sdk/client-dynamodb";
import pLimit from "p-limit";
import { EVENT, EVENT_TYPE_INDEX } from "../event-store/dynamodb/attributes.ts";
import type { Item } from "../event-store/dynamodb/event-codec.ts";
import { whileTransient } from "../event-store/dynamodb/retry.ts";
import { scanItems } from "../event-store/dynamodb/scan.ts";
import { CopyConflictError, InvalidArgumentError } from "../event-store/errors.ts";
import { checkFields, checkWholeNumber, type Fields } from "../event-store/validate.ts";
import { type EventTable, PUT_ATTEMPTS, putEventItem } from "./dynamodb-put-event.ts";

export interface CopyRequest {
  readonly from: { readonly client: DynamoDBClient; readonly table: string };
  readonly to: EventTable;
  /** Parts of the table that are read at the same time. At least 1, default 4. */
  readonly segments?: number;
  /** Entities that are written at the same time in each segment. At least 1, default 8. */
  readonly entitiesAtOnce?: number;
  /** Called after each page of at most 1 MB. */
  readonly onProgress?: (soFar: Copied) => void;
}

export interface Copied {
  readonly copied: number;
  /** Stood in the target already, from an earlier run. */
  readonly present: number;
}

/** A place where the target has another event. */
export interface CopyConflict {
  readonly entityId: string;
  readonly sequenceNumber: number;
}

/**
 * Puts every event of one table into another, item by item, as it is: after a restore from point in
 * time, or into a table whose indexes are sharded. An entity's events go in their order, so the target
 * never has a hole that it did not have; its stream tells of each as of a new event. Can be stopped and
 * run again. An entity of which the target has another event is left alone from there on, the others are
 * copied.
 *
 * Costs a write an event (those present already too) and the read units of one strongly consistent scan.
 *
 * @throws {CopyConflictError} in the end, naming the places where the target has another event
 * @throws {InvalidArgumentError} when the target has shards and `indexShards` says none, or the other way; nothing was
 * copied. How many they are the table does not tell: say what its stage was deployed with, for events in a shard
 * that the stage does not read are missing from its indexes.
 */
export async function copyEvents(request: CopyRequest): Promise<Copied> {
  checkFields("request", request, REQUEST);
  const { from, to, segments = 4, entitiesAtOnce = 8, onProgress } = request;
  checkWholeNumber("segments", segments, 1);
  checkWholeNumber("entitiesAtOnce", entitiesAtOnce, 1);
  checkWholeNumber("to.indexShards", to.indexShards ?? 1, 1);
  await checkTables(request);
  const conflicts = new Map<string, CopyConflict>();
  let soFar: Copied = { copied: 0, present: 0 };
  let isStopped = false;

  async function copyEntity(items: readonly Item[]): Promise<void> {
    for (const item of items) {
      const { entityId, sequenceNumber } = keyOf(item);
      if (isStopped || conflicts.has(entityId)) return;
      const outcome = await putEvent(to, item);
      if (outcome === "conflict") conflicts.set(entityId, { entityId, sequenceNumber });
      else soFar = { ...soFar, [outcome]: soFar[outcome] + 1 };
    }
  }

  async function copySegment(segment: number): Promise<void> {
    const limit = pLimit(entitiesAtOnce);
    const scanned = { client: from.client, eventTable: from.table, requestAttempts: PUT_ATTEMPTS };
    let start: string | undefined;
    do {
      const { items, next } = await scanItems(scanned, { segment, segments, start });
      await untilFirstError(byEntity(items).map((one) => limit(() => copyEntity(one))));
      onProgress?.(soFar);
      start = next;
    } while (start && !isStopped);
  }

  /** After an error nothing more is begun; what is under way is waited for. */
  async function untilFirstError(work: readonly Promise<void>[]): Promise<void> {
    const stopping = work.map((one) =>
      one.catch((error: unknown) => {
        isStopped = true;
        throw error;
      }),
    );
    const failed = (await Promise.allSettled(stopping)).find((one) => one.status === "rejected");
    if (failed) throw failed.reason;
  }

  await untilFirstError(Array.from({ length: segments }, (_, segment) => copySegment(segment)));
  if (conflicts.size > 0) throw new CopyConflictError(to.table, [...conflicts.values()], soFar);
  return soFar;
}

/** Events that carry no shard are missing from the indexes of a table that has shards, for good. */
async function checkTables({ from, to }: CopyRequest): Promise<void> {
  const { table, indexShards = 1 } = to;
  const source = await describe("from.table", from.client, from.table);
  const target = await describe("to.table", to.client, table);
  if (source?.TableArn !== undefined && source.TableArn === target?.TableArn && from.client === to.client)
    throw new InvalidArgumentError("to.table", table, "another table than from.table");
  const indexes = target?.GlobalSecondaryIndexes ?? [];
  const typeIndex = indexes.find(({ IndexName }) => IndexName === EVENT_TYPE_INDEX);
  const key = typeIndex?.KeySchema?.[0]?.AttributeName;
  const isSharded = key === EVENT.aggregateTypeShard;
  if (typeIndex && isSharded !== indexShards > 1) {
    const expected = isSharded ? `more than 1, for ${table} has sharded indexes` : `1, for ${table} has no shards`;
    throw new InvalidArgumentError("to.indexShards", indexShards, expected);
  }
}

/** @throws {InvalidArgumentError} when there is no such table or it holds no events */
async function describe(field: string, client: DynamoDBClient, table: string): Promise<TableDescription | undefined> {
  const command = new DescribeTableCommand({ TableName: table });
  const { Table } = await whileTransient(PUT_ATTEMPTS, () => client.send(command)).catch((error: unknown) => {
    const isMissing = error instanceof Error && error.name === "ResourceNotFoundException";
    throw isMissing ? new InvalidArgumentError(field, table, "a table that exists") : error;
  });
  const keys = (Table?.KeySchema ?? []).map(({ AttributeName }) => AttributeName).join(", ");
  if (keys !== `${EVENT.entityId}, ${EVENT.sequenceNumber}`)
    throw new InvalidArgumentError(
      field,
      table,
      `a table of events, with the keys ${EVENT.entityId}, ${EVENT.sequenceNumber}`,
    );
  return Table;
}

/** The item was put, or stood there, or another event stands there. */
async function putEvent(to: EventTable, item: Item): Promise<"copied" | "present" | "conflict"> {
  const occupant = await putEventItem(to, item);
  if (!occupant) return "copied";
  return occupant[EVENT.eventId]?.S === item[EVENT.eventId]?.S ? "present" : "conflict";
}

/** The items of a page by entity, each in its order. */
function byEntity(items: readonly Item[]): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const { entityId } = keyOf(item);
    const group = groups.get(entityId);
    if (group) group.push(item);
    else groups.set(entityId, [item]);
  }
  return [...groups.values()];
}

const REQUEST: Fields<CopyRequest> = { from: true, to: true, segments: true, entitiesAtOnce: true, onProgress: true };

const keyOf = (item: Item): CopyConflict => ({
  entityId: item[EVENT.entityId]?.S ?? "",
  sequenceNumber: Number(item[EVENT.sequenceNumber]?.N),
});
