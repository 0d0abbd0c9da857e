import * as z from "zod";
import {
  acrossEntities,
  defineAggregate,
  defineService,
  event,
  type Rows,
  rowPerEntity,
  upcaster,
} from "../../../../../src/index.ts";

/** A service in a package of its own, as somebody else writes one: the books, members and loans of a library. */
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

const lent = z.object({ bookId: z.string(), memberId: z.string() });
const loan = defineAggregate({
  type: "Loan",
  state: lent.nullable(),
  initialState: null,
  events: { LoanOpened: lent, LoanReturned: lent },
  commands: { OpenLoan: lent, ReturnLoan: z.object({}) },
  decide: {
    OpenLoan: ({ data }) => [{ eventType: "LoanOpened", eventData: data }],
    ReturnLoan: (_, open) => (open ? [{ eventType: "LoanReturned", eventData: open }] : []),
  },
  evolve: { LoanOpened: (_, { eventData }) => eventData, LoanReturned: (_) => null },
});

const books = rowPerEntity({
  name: "books",
  of: book,
  row: z.object({ title: z.string(), copies: z.int() }),
  on: { BookAdded: (_, { eventData }) => eventData },
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

async function count(rows: Rows<{ available: number }>, key: string, by: number): Promise<void> {
  const at = { partition: "books", key };
  rows.set(at, { available: ((await rows.get(at))?.available ?? 0) + by });
}

export const library = defineService({
  name: "Library",
  aggregates: { books: book, loans: loan },
  projections: [books, shelf],
});
