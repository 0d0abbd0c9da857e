import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { load } from "../aggregate/index.ts";
import type { AnyAggregateDefinition, ServiceDefinition } from "../definition/index.ts";
import { DynamoDBEventStore, encodeEvent, type PayloadEncoding } from "../event-store/dynamodb/index.ts";
import { collect, type EventStore, type StoredEvent, upcast } from "../event-store/index.ts";
import { createProjector } from "../projector/dynamodb/index.ts";
import { createPublisher } from "../publisher/index.ts";
import { makeSnapshot } from "../snapshotter/index.ts";
import { groupByEntity } from "../stream/index.ts";
import { meter, type Used } from "./dynamodb-meter.ts";
import { putEventItem } from "./dynamodb-put-event.ts";
import { withTablesLike } from "./dynamodb-scratch-tables.ts";
import { PRICES } from "./prices.ts";

export interface CostsContext {
  readonly service: ServiceDefinition;
  readonly store: EventStore;
  readonly names: { readonly events: string; readonly snapshots: string; readonly readModels: string };
  readonly indexShards: number;
  readonly encoding: PayloadEncoding;
  readonly clientConfig: DynamoDBClientConfig;
  readonly clock: () => Date;
  readonly newId: () => string;
}

export interface OperationCost extends Used {
  readonly operation: string;
  /** How often it was measured; the numbers are for one. */
  readonly measured: number;
  readonly dollarsPerMillion: number;
}

export interface MeasuredCosts {
  /** Of the table, that were measured with. */
  readonly events: number;
  readonly entities: number;
  readonly operations: readonly OperationCost[];
  /** One event from its append to the bus and into every row, with its part of a snapshot. */
  readonly perEvent: OperationCost;
}

/**
 * What the operations of a service cost, by doing them with the newest entities of its own table, in tables of the same
 * keys that are made for it: DynamoDB's capacity units and the bus, as DynamoDB counts them. Undefined when there are no
 * events yet.
 */
export async function measureCosts(context: CostsContext): Promise<MeasuredCosts | undefined> {
  const { names, newId, clientConfig, service } = context;
  const sample = await sampleOf(context);
  if (sample.length === 0) return undefined;
  const id = newId().slice(0, 8);
  const nameOf = (table: string): string => `${table}-cost-${id}`;
  const client = new DynamoDBClient(clientConfig);
  const tables = {
    events: nameOf(names.events),
    snapshots: nameOf(names.snapshots),
    readModels: nameOf(names.readModels),
  };
  try {
    const operations = await withTablesLike(client, Object.values(names), {
      nameOf,
      work: () => measure({ ...context, names: tables }, sample),
    });
    const events = sample.reduce((sum, one) => sum + one.events.length, 0);
    return { events, entities: sample.length, operations, perEvent: perEventOf(service, operations) };
  } finally {
    client.destroy();
  }
}

interface Sampled {
  readonly aggregate: AnyAggregateDefinition;
  readonly events: readonly StoredEvent[];
}

/** The first events of the entities that were changed last, as they are stored. */
async function sampleOf({ service, store, names, clientConfig }: CostsContext): Promise<Sampled[]> {
  const client = new DynamoDBClient(clientConfig);
  const asStored = new DynamoDBEventStore(client, names.events, names.snapshots);
  const sample: Sampled[] = [];
  try {
    for (const aggregate of Object.values(service.aggregates)) {
      const keys = store.readKeysByType(aggregate.aggregateType, { direction: "backward", limit: KEYS });
      const ids = [...new Set(await collect(keys, ({ entityId }) => entityId))].slice(0, ENTITIES);
      for (const id of ids) {
        const events = await collect(asStored.readEvents(id, { limit: EVENTS }), (one) => one);
        const unreadable = events.findIndex((event) => !isReadable(service, event));
        sample.push({ aggregate, events: unreadable < 0 ? events : events.slice(0, unreadable) });
      }
    }
  } finally {
    client.destroy();
  }
  return sample;
}

function isReadable({ eventTypes }: ServiceDefinition, event: StoredEvent): boolean {
  try {
    upcast(eventTypes, event);
    return true;
  } catch {
    return false;
  }
}

const KEYS = 200;
const ENTITIES = 5;
const EVENTS = 50;

async function measure(context: CostsContext, sample: readonly Sampled[]): Promise<OperationCost[]> {
  const { service, names, indexShards, encoding, clientConfig, clock } = context;
  const { projections, eventTypes, publicEvents, name } = service;
  const aggregates = Object.values(service.aggregates);
  const client = new DynamoDBClient(clientConfig);
  const { take } = meter(client);
  const store = new DynamoDBEventStore(client, names.events, names.snapshots, { aggregates, indexShards });
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const table = { client: documents, name: names.readModels };
  const projector = createProjector({ projections, store, table, eventTypes, aggregates, clock, random: () => 0.5 });
  const bus = { put: async (entries: readonly unknown[]) => entries.map(() => undefined) };
  const backOff = async () => undefined;
  const publisher = createPublisher({ bus, store, table, eventTypes, publicEvents, source: name, backOff, clock });
  const costs = new Costs(take);
  const events = sample.flatMap((one) => one.events);
  try {
    for (const event of events)
      await costs.add("append of an event", () =>
        putEventItem({ client, table: names.events, indexShards }, encodeEvent(event, encoding)),
      );
    for (const {
      aggregate,
      events: [first],
    } of sample)
      if (first) await costs.add("load of an entity from its events", () => load(store, aggregate, first.entityId));
    for (const target of await projector.targets())
      for (const event of events.filter(({ aggregateType }) => aggregateType in target.projection.from))
        await costs.add(`${ROW_OF}${target.projection.name}`, () =>
          projector.projectInto(target, groupByEntity([{ ...event, event }])),
        );
    for (const event of events)
      await costs.add(PUBLISHER_PLACE, () => publisher.publish(groupByEntity([{ ...event, event }])));
    for (const {
      aggregate,
      events: [first],
    } of sample)
      if (first) await costs.add(SNAPSHOT, () => makeSnapshot({ store, aggregates, clock }, aggregate, first.entityId));
  } finally {
    client.destroy();
  }
  return costs.all;
}

class Costs {
  readonly #take: () => Used;
  readonly #sums = new Map<string, Used & { readonly measured: number }>();

  constructor(take: () => Used) {
    this.#take = take;
  }

  get all(): OperationCost[] {
    return [...this.#sums].map(([operation, { measured, requests, readUnits, writeUnits }]) =>
      priced(operation, {
        measured,
        requests: requests / measured,
        readUnits: readUnits / measured,
        writeUnits: writeUnits / measured,
      }),
    );
  }

  async add(operation: string, act: () => Promise<unknown>): Promise<void> {
    this.#take();
    await act();
    const { requests, readUnits, writeUnits } = this.#take();
    const sum = this.#sums.get(operation) ?? { measured: 0, requests: 0, readUnits: 0, writeUnits: 0 };
    this.#sums.set(operation, {
      measured: sum.measured + 1,
      requests: sum.requests + requests,
      readUnits: sum.readUnits + readUnits,
      writeUnits: sum.writeUnits + writeUnits,
    });
  }
}

function priced(operation: string, used: Used & { readonly measured: number }, busEvents = 0): OperationCost {
  const { readUnits, writeUnits } = used;
  const dollars = readUnits * PRICES.readUnits + writeUnits * PRICES.writeUnits + busEvents * PRICES.busEvents;
  const round = (value: number) => Math.round(value * 100) / 100;
  return {
    operation,
    measured: used.measured,
    requests: round(used.requests),
    readUnits: round(readUnits),
    writeUnits: round(writeUnits),
    dollarsPerMillion: round(dollars * 1e6),
  };
}

const ROW_OF = "event into rows of ";
const PUBLISHER_PLACE = "event's place in the publisher";
const SNAPSHOT = "snapshot of an entity";

function perEventOf({ aggregates }: ServiceDefinition, operations: readonly OperationCost[]): OperationCost {
  const every = Math.min(...Object.values(aggregates).map(({ snapshots }) => snapshots?.every ?? 100));
  const parts = operations
    .filter(({ operation }) => operation !== "load of an entity from its events")
    .map((one) => ({ ...one, share: one.operation === SNAPSHOT ? 1 / every : 1 }));
  const sum = (field: keyof Used): number => parts.reduce((all, one) => all + one[field] * one.share, 0);
  const used = { measured: 1, requests: sum("requests"), readUnits: sum("readUnits"), writeUnits: sum("writeUnits") };
  return priced("one event, all of it, on the bus", used, 1);
}
