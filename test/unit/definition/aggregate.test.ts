import { expect, test } from "@jest/globals";
import * as z from "zod";
import { defineAggregate, event, unchanged, upcaster } from "../../../src/definition/index.ts";
import { EventTypeRegistry, upcast } from "../../../src/event-store/index.ts";
import { storedEvent } from "../../support/bare-table.ts";

const count = z.object({ by: z.int() });
const declaration = {
  type: "Counter",
  state: z.object({ n: z.int() }),
  initialState: { n: 0 },
  events: { Counted: count },
  commands: { Count: count },
  decide: { Count: ({ data }: { data: { by: number } }) => [{ eventType: "Counted", eventData: data }] },
  evolve: {
    Counted: (state: { n: number }, { eventData }: { eventData: { by: number } }) => ({ n: state.n + eventData.by }),
  },
};
const define = (more: object) => () => defineAggregate({ ...declaration, ...more } as never);

test("a declaration decides by command and evolves by event; an event of other code leaves the state alone", () => {
  const counter = defineAggregate({
    ...declaration,
    decide: { Count: ({ data }) => [{ eventType: "Counted", eventData: data }] },
  });
  const metadata = { userId: "ann", correlationId: "c", now: "2026-01-01T00:00:00.000Z" };
  expect(counter.decide({ type: "Count", data: { by: 2 } }, { n: 0 }, metadata)).toEqual([
    { eventType: "Counted", eventData: { by: 2 } },
  ]);
  expect(() => counter.decide({ type: "toString", data: { by: 2 } } as never, { n: 0 }, metadata)).toThrow(
    "command.type: expected one of Count",
  );
  expect(
    counter.evolve(
      { n: 1 },
      storedEvent({ entityId: "c-1", sequenceNumber: 1, eventType: "Counted", eventData: { by: 2 } }) as never,
    ),
  ).toEqual({
    n: 3,
  });
  expect(
    counter.evolve({ n: 1 }, storedEvent({ entityId: "c-1", sequenceNumber: 1, eventType: "toString" }) as never),
  ).toEqual({ n: 1 });
});

test("the command that makes an entity is Create and its type, or the one that is named", () => {
  expect(defineAggregate({ ...declaration, decide: { Count: () => [] } }).createdBy).toBeUndefined();
  const named = defineAggregate({ ...declaration, decide: { Count: () => [] }, createdBy: "Count" });
  expect(named.createdBy).toBe("Count");
  const commands = { CreateCounter: count };
  expect(define({ commands, decide: { CreateCounter: () => [] } })()).toMatchObject({ createdBy: "CreateCounter" });
});

test("an event goes from version to version, and from the name that it had", () => {
  const { eventTypes } = defineAggregate({
    type: "Counter",
    state: z.object({}),
    initialState: {},
    events: {
      Counted: event({
        version: "3.0",
        schema: z.object({ by: z.int(), why: z.string() }),
        upcast: {
          "1.0": upcaster(z.object({ n: z.int() }), "2.0", ({ n }) => ({ by: n })),
          "2.0": upcaster(z.object({ by: z.int() }), "3.0", (old) => ({ ...old, why: "?" })),
        },
        formerly: { Incremented: { "1.0": (old) => ({ by: old.n, why: "incremented" }) } },
      }),
    },
    commands: {},
    decide: {},
    evolve: { Counted: unchanged },
  });
  const read = (eventType: string, version: string, eventData: object) =>
    upcast(
      eventTypes,
      storedEvent({ entityId: "c-1", sequenceNumber: 1, eventType, version, eventData: eventData as never }),
    );
  expect(read("Counted", "1.0", { n: 2 })).toMatchObject({ version: "3.0", eventData: { by: 2, why: "?" } });
  expect(read("Counted", "2.0", { by: 2 })).toMatchObject({ version: "3.0", eventData: { by: 2, why: "?" } });
  expect(read("Incremented", "1.0", { n: 1 })).toMatchObject({
    eventType: "Counted",
    version: "3.0",
    eventData: { by: 1, why: "incremented" },
  });
});

test("a former name is read, from the versions that it has steps of, and not written any more", () => {
  const { eventTypes } = defineAggregate({
    ...declaration,
    events: { Counted: event({ version: "1.0", schema: count, formerly: { Old: { "2.0": (old) => old } } }) },
    decide: { Count: (_) => [] },
  });
  const registry = new EventTypeRegistry({}, [{ aggregateType: "Counter", eventTypes }]);
  expect(registry.isUnknown("Counter", "Old")).toBe(true);
  expect(registry.isUnknown("Counter", "Counted")).toBe(false);
  const old = { entityId: "c-1", sequenceNumber: 1, aggregateType: "Counter", eventType: "Old", eventData: { by: 1 } };
  expect(upcast(registry, storedEvent({ ...old, version: "2.0" }))).toMatchObject({ eventType: "Counted" });
  expect(() => upcast(registry, storedEvent({ ...old, version: "1.0" }))).toThrow(
    "Old is stored at version 1.0; this code reads 2.0",
  );
});

test("a state may be null", () => {
  const open = defineAggregate({
    type: "Door",
    state: z.object({ open: z.literal(true) }).nullable(),
    initialState: { open: true },
    events: { Closed: z.object({}) },
    commands: {},
    decide: {},
    evolve: { Closed: (_) => null },
  });
  const closed = storedEvent({ entityId: "d", sequenceNumber: 1, eventType: "Closed" });
  expect(open.evolve({ open: true }, closed as never)).toBeNull();
});

const step = (to: string) => upcaster(count, to, (old) => old);

test.each<[string, object, string]>([
  ["no type", { type: "" }, "aggregate.type: expected well-formed text"],
  ["a field that is misspelt", { snapshot: {} }, "aggregate.snapshot: expected one of the fields"],
  ["a state that is no schema", { state: {} }, "aggregate Counter: state: expected a schema"],
  [
    "an initial state that does not fit",
    { initialState: { n: "0" } },
    "aggregate Counter: initialState: expected what its schema takes",
  ],
  ["an event that is no schema", { events: { Counted: {} } }, "events.Counted: expected a schema"],
  [
    "a command that is no schema",
    { commands: { Count: null } },
    "aggregate Counter: commands.Count: expected a schema",
  ],
  [
    "an event that nothing evolves",
    { events: { Counted: count, Reset: count } },
    "aggregate Counter: evolve.Reset: expected a function",
  ],
  [
    "an event that there is not in evolve",
    { evolve: { ...declaration.evolve, Countd: unchanged } },
    'aggregate Counter: evolve: expected one of Counted, got "Countd"',
  ],
  [
    "a command that nothing decides",
    { commands: { Count: count, toString: count } },
    "aggregate Counter: decide.toString: expected a function",
  ],
  [
    "a command that there is not in decide",
    { decide: { ...declaration.decide, Cnt: () => [] } },
    'aggregate Counter: decide: expected one of Count, got "Cnt"',
  ],
  [
    "a snapshot at no event",
    { snapshots: { at: ["Countd"] } },
    'aggregate Counter: snapshots.at: expected one of Counted, got "Countd"',
  ],
  [
    "a snapshot every zero events",
    { snapshots: { every: 0 } },
    "aggregate Counter: snapshots.every: expected an integer of at least 1, got 0",
  ],
  [
    "made by a command that there is not",
    { createdBy: "Cnt" },
    'aggregate Counter: createdBy: expected one of Count, got "Cnt"',
  ],
  ["ids by what is no schema", { id: /x/ }, "aggregate Counter: id: expected a schema"],
  [
    "a gap in upcasters",
    { events: { Counted: event({ version: "4.0", schema: count, upcast: { "1.0": step("2.0") } as never }) } },
    'upcasters["1.0"]: expected a chain to version 4.0',
  ],
  [
    "a circle of upcasters",
    {
      events: {
        Counted: event({ version: "4.0", schema: count, upcast: { "1.0": step("2.0"), "2.0": step("1.0") } as never }),
      },
    },
    "expected a chain that does not come back",
  ],
  [
    "a former name that is taken",
    { events: { Counted: event({ version: "2.0", schema: count, formerly: { Counted: { "1.0": (old) => old } } }) } },
    'events.Counted.formerly: expected an event type that is not declared any more, got "Counted"',
  ],
])("%s is refused when it is declared", (_, more, message) => {
  expect(define(more)).toThrow(message);
});

test("an unknown field of event() is refused", () => {
  expect(() => event({ version: "1.0", schema: count, upcasters: {} } as never)).toThrow(
    "event.upcasters: expected one of the fields",
  );
});
