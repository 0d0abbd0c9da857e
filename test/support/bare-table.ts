import { BatchWriteItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { encodeEvent, type PayloadEncoding } from "../../src/event-store/dynamodb/index.ts";
import type { StoredEvent } from "../../src/event-store/index.ts";
import { createTables } from "../../src/local/tables.ts";
import { folderOf, serviceDefinition } from "./engine.ts";
import { importItems } from "./import-items.ts";

/** An Events table without indexes and stream, which the engine fills several times faster. */
export async function createBareEventsTable(client: DynamoDBClient, name: string): Promise<void> {
  const events = serviceDefinition().tables.find(({ logicalId }) => logicalId === "EventsTable");
  if (!events) throw new Error("serverless.yml has no EventsTable");
  const { GlobalSecondaryIndexes: _, StreamSpecification: __, AttributeDefinitions = [], ...create } = events.create;
  const keys = AttributeDefinitions.slice(0, 2);
  await createTables(client, [{ ...events, name, create: { ...create, TableName: name, AttributeDefinitions: keys } }]);
}

const BATCH = 25;
const WRITERS = 4;
/** From so many events on the engine's own import is faster, where no stream has to tell of them. */
const MANY = 2_000;

/** Puts events into a table as they are, past every check, for histories too long to append. */
export async function putEvents(
  client: DynamoDBClient,
  table: string,
  count: number,
  eventAt: (index: number) => StoredEvent,
  encoding: PayloadEncoding = "json",
): Promise<void> {
  const itemAt = (index: number) => encodeEvent(eventAt(index), encoding);
  if (count >= MANY && (await importItems(client, folderOf(client), table, count, itemAt))) return;
  let next = 0;
  async function write(): Promise<void> {
    while (next < count) {
      const start = next;
      next += BATCH;
      const size = Math.min(BATCH, count - start);
      const puts = Array.from({ length: size }, (_, n) => ({ PutRequest: { Item: itemAt(start + n) } }));
      await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts } }));
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, write));
}

/** A stored event with everything that a test does not care about filled in. */
export function storedEvent(
  fields: Partial<StoredEvent> & Pick<StoredEvent, "entityId" | "sequenceNumber">,
): StoredEvent {
  const { entityId, sequenceNumber } = fields;
  return {
    eventId: `${entityId}-${sequenceNumber}`,
    eventType: "ThingDone",
    eventTime: new Date(Date.UTC(2026, 0, 1) + sequenceNumber).toISOString(),
    eventData: {},
    version: "1.0",
    userId: "ann",
    correlationId: "c-1",
    aggregateType: "Thing",
    ...fields,
  };
}
