import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Projection } from "../../src/definition/index.ts";
import { DynamoDBEventStore } from "../../src/event-store/dynamodb/index.ts";
import type { EventTypes, StoredEvent } from "../../src/event-store/index.ts";
import { productService } from "../../src/product/service.ts";
import { createProjector, type Projector, type ProjectorOptions } from "../../src/projector/dynamodb/index.ts";
import { groupByEntity } from "../../src/stream/index.ts";
import { documents, EVENTS, READ_MODELS, SNAPSHOTS, type TestEngine } from "./engine.ts";

const { projections: shipped } = productService;
const aggregates = Object.values(productService.aggregates);
/** By name alone, so that tests may project aggregates of their own. */
const eventTypes: EventTypes = Object.assign({}, ...aggregates.map((one) => one.eventTypes));

export interface ProjectorSetup extends Partial<ProjectorOptions> {
  readonly client?: DynamoDBClient;
  readonly eventsTable?: string;
  readonly readModelsTable?: string;
  readonly projections?: readonly Projection[];
}

/** A projector with clients and caches of its own: another Lambda. */
export function openProjector(engine: TestEngine, setup: ProjectorSetup = {}): Projector {
  const { client = engine.connect(), eventsTable = EVENTS, readModelsTable = READ_MODELS, ...more } = setup;
  return createProjector({
    projections: shipped,
    store: new DynamoDBEventStore(client, eventsTable, SNAPSHOTS, { aggregates }),
    table: { client: documents(client), name: readModelsTable },
    eventTypes,
    clock: () => new Date(),
    random: Math.random,
    generationsMaxAgeMs: 50,
    ...more,
  });
}

/** A batch as the table stream would bring it. */
export function batchOf(events: readonly StoredEvent[]) {
  return groupByEntity(
    events.map((event) => ({ entityId: event.entityId, sequenceNumber: event.sequenceNumber, event })),
  );
}

const usd = (amount: number) => ({ amount, currency: "USD" });

/** The n-th event of a product's history: created, then prices, now and then a move or a name. */
export function productEvent(
  entityId: string,
  sequenceNumber: number,
  categories = 5,
): Pick<StoredEvent, "eventType" | "eventData"> {
  const category = (n: number) => `cat-${(entityId.length + n) % categories}`;
  if (sequenceNumber === 1) {
    const eventData = { name: entityId, description: "", price: usd(100), categoryId: category(0) };
    return { eventType: "ProductCreated", eventData };
  }
  if (sequenceNumber % 5 === 0) {
    return { eventType: "ProductMoved", eventData: { categoryId: category(sequenceNumber), previousCategoryId: null } };
  }
  if (sequenceNumber % 7 === 0)
    return { eventType: "ProductDescribed", eventData: { description: `d${sequenceNumber}` } };
  return { eventType: "PriceUpdated", eventData: { price: usd(100 + sequenceNumber), previousPrice: usd(1) } };
}
