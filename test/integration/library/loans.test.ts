import { afterAll, beforeAll, expect, test } from "@jest/globals";
import * as z from "zod";
import { createConsumer } from "../../../src/consumer.ts";
import * as streamfold from "../../../src/index.ts";
import { documents, EVENTS, READ_MODELS, SNAPSHOTS, startTestEngine, type TestEngine } from "../../support/engine.ts";

const { acrossEntities, defineAggregate, defineService, event, Rejection, rowPerEntity, rowPerEvent, upcaster } =
  streamfold;

const book = defineAggregate({
  type: "Book",
  state: z.object({ title: z.string().nullable() }),
  initialState: { title: null },
  events: {
    BookAdded: event({
      version: "2.0",
      schema: z.object({ title: z.string(), copies: z.int() }),
      upcast: { "1.0": upcaster(z.object({ title: z.string() }), "2.0", (old) => ({ ...old, copies: 1 })) },
    }),
  },
  commands: { AddBook: z.object({ title: z.string(), copies: z.int().min(1).default(1) }) },
  decide: { AddBook: ({ data }, { title }) => (title === null ? [{ eventType: "BookAdded", eventData: data }] : []) },
  evolve: { BookAdded: (_, { eventData: { title } }) => ({ title }) },
});

const member = defineAggregate({
  type: "Member",
  state: z.object({ status: z.enum(["none", "active"]) }),
  initialState: { status: "none" },
  events: { MemberRegistered: z.object({ name: z.string() }), FineCharged: z.object({ cents: z.int() }) },
  commands: { RegisterMember: z.object({ name: z.string() }), ChargeFine: z.object({ cents: z.int().min(1) }) },
  decide: {
    RegisterMember: ({ data }) => [{ eventType: "MemberRegistered", eventData: data }],
    ChargeFine({ data }, { status }) {
      if (status === "none") throw new Rejection("member-unknown", "there is no such member", "unknown");
      return [{ eventType: "FineCharged", eventData: data }];
    },
  },
  evolve: { MemberRegistered: (_) => ({ status: "active" }), FineCharged: streamfold.unchanged },
});

const lent = z.object({ bookId: z.string(), memberId: z.string(), due: z.string() });
const loan = defineAggregate({
  type: "Loan",
  state: lent.nullable(),
  initialState: null,
  events: { LoanOpened: lent, LoanReturned: z.object({ bookId: z.string(), memberId: z.string(), daysLate: z.int() }) },
  commands: { OpenLoan: lent, ReturnLoan: z.object({}) },
  decide: {
    OpenLoan: ({ data }) => [{ eventType: "LoanOpened", eventData: data }],
    ReturnLoan(_, open, { now }) {
      if (!open) throw new Rejection("loan-unknown", "there is no open loan", "unknown");
      const { bookId, memberId, due } = open;
      const daysLate = Math.max(0, Math.ceil((Date.parse(now) - Date.parse(due)) / 86_400_000));
      return [{ eventType: "LoanReturned", eventData: { bookId, memberId, daysLate } }];
    },
  },
  evolve: { LoanOpened: (_, { eventData }) => eventData, LoanReturned: (_) => null },
  snapshots: { every: 50, at: ["LoanReturned"] },
});

const members = rowPerEntity({
  name: "members",
  of: member,
  row: z.object({ name: z.string(), fines: z.int() }),
  on: {
    MemberRegistered: (_, { eventData: { name } }) => ({ name, fines: 0 }),
    FineCharged: (row, { eventData: { cents } }) => row && { ...row, fines: row.fines + cents },
  },
  lists: { byName: ({ name }) => ({ partition: "all", sort: name }) },
});
const returns = rowPerEvent({
  name: "returns",
  of: loan,
  row: z.object({ memberId: z.string(), daysLate: z.int() }),
  on: { LoanReturned: ({ eventData: { memberId, daysLate } }) => ({ memberId, daysLate }) },
});
const shelf = acrossEntities({
  name: "shelf",
  of: [book, loan],
  row: z.object({ available: z.int() }),
  on: {
    Book: { BookAdded: (rows, { entityId, eventData }) => count(rows, entityId, eventData.copies) },
    Loan: {
      LoanOpened: (rows, { eventData }) => count(rows, eventData.bookId, -1),
      LoanReturned: (rows, { eventData }) => count(rows, eventData.bookId, 1),
    },
  },
});
async function count(rows: streamfold.Rows<{ available: number }>, key: string, by: number): Promise<void> {
  const at = { partition: "books", key };
  rows.set(at, { available: ((await rows.get(at))?.available ?? 0) + by });
}

const library = defineService({
  name: "Library",
  aggregates: { books: book, members: member, loans: loan },
  projections: [members, returns, shelf],
});

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

test("a library lends books: an old event, three kinds of rows, and a consumer that charges a fine", async () => {
  const aggregates = Object.values(library.aggregates);
  const store = new streamfold.DynamoDBEventStore(engine.client, EVENTS, SNAPSHOTS, { aggregates });
  const table = { client: documents(engine.client), name: READ_MODELS };
  const clock = () => new Date("2026-03-05T00:00:00Z");
  const { projections, eventTypes } = library;
  const projector = streamfold.createProjector({ projections, eventTypes, store, table, clock, random: Math.random });
  const handle = streamfold.createCommandHandler(library, { store, clock });
  const by = { userId: "ann", correlationId: "c-1" };
  const before = new streamfold.DynamoDBEventStore(engine.client, EVENTS, SNAPSHOTS);
  await before.appendEvent("Book", "b-1", "BookAdded", { title: "Emma" }, "ann", "c-1");
  await handle("Member", { ...by, entityId: "m-1", command: { type: "RegisterMember", data: { name: "Ann" } } });
  const open = { type: "OpenLoan", data: { bookId: "b-1", memberId: "m-1", due: "2026-03-01T00:00:00Z" } } as const;
  await handle("Loan", { ...by, entityId: "l-1", command: open });
  await handle("Loan", { ...by, entityId: "l-1", command: { type: "ReturnLoan", data: {} } });

  const fines = createConsumer<typeof library>({
    checkpoints: { last: async () => 0, advance: async () => true },
    handlers: {
      LoanReturned: async ({ data: { memberId, daysLate }, eventId }) => {
        const command = { type: "ChargeFine", data: { cents: 50 * daysLate } } as const;
        await handle("Member", { ...by, entityId: memberId, command, commandId: eventId });
      },
    },
    startAt: "now",
  });
  const [, returned] = await store.getEvents("l-1");
  for (const _ of ["once", "again"]) await fines.take({ ...returned, data: returned?.eventData });

  const stored = await Promise.all(["b-1", "m-1", "l-1"].map((id) => store.getEvents(id)));
  await projector.project(streamfold.groupByEntity(stored.flat().map((event) => ({ ...event, event }))));
  const rows = streamfold.createRowReaders(table);
  expect(await rows(members).list("byName", "all")).toMatchObject({ rows: [{ name: "Ann", fines: 200 }] });
  expect((await rows(returns).eventRows("l-1")).rows).toEqual([{ memberId: "m-1", daysLate: 4 }]);
  expect((await rows(shelf).sharedRows("books")).rows).toEqual([{ available: 1 }]);
});
