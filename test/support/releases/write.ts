import { DynamoDBEventStore, groupByEntity, makeSnapshot } from "../../../src/index.ts";
import { member } from "../../integration/library/service/src/library.ts";
import { EVENTS, SNAPSHOTS, type TestEngine } from "../engine.ts";
import { consume, dump, readAll, type wire } from "./parts.ts";

const BY = { userId: "ann", correlationId: "c-1" };
export const ENTITIES = ["b-1", "b-2", "l-1", "m-1", "m-2"];
export const OPEN_LOAN = {
  ...BY,
  entityId: "l-1",
  commandId: "open-1",
  command: { type: "OpenLoan", data: { bookId: "b-1", memberId: "m-1", due: "2026-03-01T00:00:00Z" } },
} as const;

/** Writes a bit of everything into the tables of an engine, as this release does, and tells what is there then. */
export async function writeRelease(engine: TestEngine, service: ReturnType<typeof wire>) {
  const { store, handle, projector, publisher, bus, clock } = service;
  // Payloads as text, and of a version that the service does not write any more.
  const older = new DynamoDBEventStore(engine.client, EVENTS, SNAPSHOTS, { payloadEncoding: "json", clock });
  await older.appendEvent("Book", "b-1", "BookAdded", { title: "Emma" }, "ann", "c-1", 0);
  const registered = (entityId: string, name: string) =>
    handle("Member", { ...BY, entityId, command: { type: "RegisterMember", data: { name } } });
  await registered("m-1", "Ann");
  await registered("m-2", "Nobody");
  await store.appendToMany(
    ["b-2", "m-1"].map((entityId) => ({
      ...BY,
      aggregateType: entityId === "b-2" ? "Book" : "Member",
      entityId,
      expectedVersion: entityId === "b-2" ? 0 : 1,
      events: [
        entityId === "b-2"
          ? { eventType: "BookAdded", eventData: { title: "Persuasion", copies: 3 } }
          : { eventType: "FineCharged", eventData: { cents: 150 } },
      ],
    })),
  );
  await handle("Loan", OPEN_LOAN);
  await handle("Loan", { ...BY, entityId: "l-1", command: { type: "ReturnLoan", data: {} } });
  await makeSnapshot({ store, clock, aggregates: [member] }, member, "m-1");
  const batches = await batchesOf(store);
  await projector.project(batches);
  await publisher.publish(batches);
  return {
    tables: await dump(engine),
    bus,
    expected: { read: await readAll(service, ENTITIES), consumed: await consume(bus) },
  };
}

export async function batchesOf(store: ReturnType<typeof wire>["store"]) {
  const events = await Promise.all(ENTITIES.map((entityId) => store.getEvents(entityId)));
  return groupByEntity(events.flat().map((event) => ({ ...event, event })));
}
