import { ScanCommand } from "@aws-sdk/client-dynamodb";
import * as z from "zod";
import { createConsumer, type ReceivedEvent } from "../../../src/consumer.ts";
import { rowPerEntity } from "../../../src/definition/index.ts";
import {
  createCommandHandler,
  createProjector,
  createPublisher,
  createRowReaders,
  DynamoDBEventStore,
  listParked,
} from "../../../src/index.ts";
import { library, member, members, returns, shelf } from "../../integration/library/service/src/library.ts";
import { documents, EVENTS, READ_MODELS, SNAPSHOTS, type TestEngine } from "../engine.ts";

/** One that cannot take a member, so that the tables hold a parked entity. */
const strict = rowPerEntity({
  name: "strict",
  of: member,
  row: z.object({ name: z.string(), fines: z.int() }),
  on: {
    MemberRegistered(_, { eventData: { name } }) {
      if (name === "Nobody") throw new Error("a member needs a name");
      return { name, fines: 0 };
    },
  },
});

export interface BusMessage {
  readonly source: string;
  readonly detailType: string;
  readonly detail: string;
}

/** Everything of the loan service that reads or writes, as wired today; its clock stands still. */
export function wire(engine: TestEngine) {
  const clock = () => new Date("2026-03-05T00:00:00Z");
  const aggregates = Object.values(library.aggregates);
  const client = engine.connect();
  const store = new DynamoDBEventStore(client, EVENTS, SNAPSHOTS, { aggregates, clock });
  const table = { client: documents(client), name: READ_MODELS };
  const { eventTypes } = library;
  const projections = [...library.projections, strict];
  const bus: BusMessage[] = [];
  const put = async (entries: readonly BusMessage[]) => {
    bus.push(...entries.map(({ source, detailType, detail }) => ({ source, detailType, detail })));
    return entries.map(() => undefined);
  };
  return {
    store,
    table,
    bus,
    clock,
    handle: createCommandHandler(library, { store, clock }),
    projector: createProjector({ projections, eventTypes, store, table, clock, random: () => 0.5, parkAfter: 1 }),
    publisher: createPublisher({
      bus: { put },
      store,
      table,
      eventTypes,
      source: "Library",
      clock,
      backOff: async () => undefined,
    }),
  };
}

/** What readers of the tables see. */
export async function readAll({ store, table }: ReturnType<typeof wire>, entities: readonly string[]) {
  const rows = createRowReaders(table);
  const parked = [];
  for await (const { projection, entityId, sequenceNumber } of listParked(table, "strict"))
    parked.push({ projection, entityId, sequenceNumber });
  const events = await Promise.all(entities.map((entityId) => store.getEvents(entityId)));
  const snapshots = await Promise.all(entities.map((entityId) => store.getLatestSnapshot(entityId)));
  const plain = {
    events: events.flat(),
    byType: (await store.getEventsByType("Loan", "LoanReturned")).map(({ eventId }) => eventId),
    byUser: (await store.getEventsByUser("ann")).map(({ eventId }) => eventId).sort(),
    snapshots: snapshots.filter((snapshot) => snapshot !== null),
    members: (await rows(members).list("byName", "all")).rows,
    member: await rows(members).row("m-1"),
    returns: (await rows(returns).eventRows("l-1")).rows,
    shelf: (await rows(shelf).sharedRows("books")).rows,
    parked,
  };
  return JSON.parse(JSON.stringify(plain)) as unknown;
}

/** What a subscriber is told by the messages of the bus. */
export async function consume(bus: readonly BusMessage[]): Promise<unknown> {
  const taken: unknown[] = [];
  const positions = new Map<string, number>();
  const take = async ({ entityId, eventType, sequenceNumber, data }: ReceivedEvent) =>
    void taken.push({ entityId, eventType, sequenceNumber, data });
  const consumer = createConsumer({
    checkpoints: {
      last: async (entity) => positions.get(JSON.stringify(entity)) ?? 0,
      advance: async (entity, to) => Boolean(positions.set(JSON.stringify(entity), to)),
    },
    handlers: { BookAdded: take, MemberRegistered: take, LoanOpened: take, LoanReturned: take },
  });
  for (const { source, detail } of bus) await consumer.take(JSON.parse(detail), { source });
  return taken;
}

export type Tables = Readonly<Record<"events" | "snapshots" | "readModels", readonly object[]>>;

/** All items, as they are. */
export async function dump(engine: TestEngine): Promise<Tables> {
  const itemsOf = async (TableName: string) => {
    const { Items = [] } = await engine.client.send(new ScanCommand({ TableName }));
    return Items.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  };
  return { events: await itemsOf(EVENTS), snapshots: await itemsOf(SNAPSHOTS), readModels: await itemsOf(READ_MODELS) };
}
