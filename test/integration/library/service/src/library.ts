import * as z from "zod";
import {
  acrossEntities,
  defineAggregate,
  defineService,
  event,
  Rejection,
  type Rows,
  rowPerEntity,
  rowPerEvent,
  unchanged,
  upcaster,
} from "../../../../../src/index.ts";

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

export const member = defineAggregate({
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
  evolve: { MemberRegistered: (_) => ({ status: "active" }), FineCharged: unchanged },
});

const lent = z.object({ bookId: z.string(), memberId: z.string(), due: z.string() });
export const loan = defineAggregate({
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

export const members = rowPerEntity({
  name: "members",
  of: member,
  row: z.object({ name: z.string(), fines: z.int() }),
  on: {
    MemberRegistered: (_, { eventData: { name } }) => ({ name, fines: 0 }),
    FineCharged: (row, { eventData: { cents } }) => row && { ...row, fines: row.fines + cents },
  },
  lists: { byName: ({ name }) => ({ partition: "all", sort: name }) },
});
export const returns = rowPerEvent({
  name: "returns",
  of: loan,
  row: z.object({ memberId: z.string(), daysLate: z.int() }),
  on: { LoanReturned: ({ eventData: { memberId, daysLate } }) => ({ memberId, daysLate }) },
});
export const shelf = acrossEntities({
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
async function count(rows: Rows<{ available: number }>, key: string, by: number): Promise<void> {
  const at = { partition: "books", key };
  rows.set(at, { available: ((await rows.get(at))?.available ?? 0) + by });
}

/** A library that lends books. */
export const library = defineService({
  name: "Library",
  aggregates: { books: book, members: member, loans: loan },
  projections: [members, returns, shelf],
});
