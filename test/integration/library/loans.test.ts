import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createConsumer } from "../../../src/consumer.ts";
import * as streamfold from "../../../src/index.ts";
import { documents, EVENTS, READ_MODELS, SNAPSHOTS, startTestEngine, type TestEngine } from "../../support/engine.ts";
import { library, members, returns, shelf } from "./service/src/library.ts";

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
