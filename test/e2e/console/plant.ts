import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { BatchWriteCommand, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { RunningService } from "../../support/service.ts";

const event = (entityId: string, eventData: object) => ({
  entityId,
  sequenceNumber: 1,
  eventId: `${entityId}-event`,
  eventType: "ProductCreated",
  eventTime: new Date().toISOString(),
  eventData,
  version: "1.0",
  userId: "importer",
  correlationId: "import-1",
  aggregateType: "Product",
});

/** As an earlier run left it, before the service starts. */
export function plantDeadLetter(folder: string, entityId: string): void {
  const { eventData: data, ...detail } = event(entityId, { name: "Refused" });
  const body = {
    version: "0",
    id: "planted-1",
    "detail-type": "ProductCreated",
    source: "ProductService",
    account: "000000000000",
    time: detail.eventTime,
    region: "eu-central-1",
    resources: [],
    detail: { ...detail, data },
  };
  const now = Date.now();
  const times = { sentAt: now, receiveCount: 0, visibleAt: now };
  const put = { id: "planted-1", body: JSON.stringify(body), attributes: {}, ...times };
  const queues = join(folder, "queues");
  mkdirSync(queues, { recursive: true });
  writeFileSync(join(queues, "ProductService-BusProjectorDeadLetters.jsonl"), `${JSON.stringify({ put })}\n`);
}

/** An event that another writer stored, and that no row can be made of. */
export const plantPoison = (service: RunningService, entityId: string): Promise<void> =>
  store(service, [event(entityId, { name: "Broken", description: "", price: "not an amount", categoryId: null })]);

/** Products that another writer stored: `bulk-001` and on. */
export function plantProducts(service: RunningService, count: number): Promise<void> {
  const products = Array.from({ length: count }, (_, index) => {
    const number = String(index + 1).padStart(3, "0");
    const price = { amount: 100, currency: "EUR" };
    const made = event(`bulk-${number}`, { name: `Bulk ${number}`, description: "", price, categoryId: null });
    return { ...made, eventTime: new Date(Date.now() + index).toISOString() };
  });
  return store(service, products);
}

async function store({ engine }: RunningService, events: readonly object[]): Promise<void> {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = DynamoDBDocumentClient.from(
    new DynamoDBClient({ endpoint: engine, region: "eu-central-1", credentials }),
  );
  for (let first = 0; first < events.length; first += BATCH) {
    const puts = events.slice(first, first + BATCH).map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteCommand({ RequestItems: { "ProductService-Events": puts } }));
  }
  client.destroy();
}

const BATCH = 25;
