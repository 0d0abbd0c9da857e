import { describe, expect, test } from "@jest/globals";
import * as z from "zod";
import {
  acrossEntities,
  defineAggregate,
  rowPerEntity,
  rowPerEvent,
  unchanged,
} from "../../../src/definition/index.ts";
import { category, product } from "../../../src/product/index.ts";
import { projecting } from "../../../src/testing.ts";

const row = z.strictObject({ name: z.string() });
const place = () => undefined;
const declaration = { name: "names", of: product, row, on: { ProductCreated: () => undefined } };

describe.each<[string, (declaration: never) => unknown]>([
  ["rowPerEntity", rowPerEntity],
  ["rowPerEvent", rowPerEvent],
])("%s", (_, define) => {
  test.each<[string, object, string]>([
    ["a reserved name", { name: "publisher" }, "projection.name: expected another name"],
    ["a name that is no part of a key", { name: "Names#1" }, "projection.name: expected 1 to 64 lower-case letters"],
    ["a version that is none", { version: 0 }, "projection names: version: expected an integer of at least 1, got 0"],
    ["a feed that there is not", { feed: "queue" }, 'projection names: feed: expected "stream" or "bus"'],
    ["what is no aggregate", { of: { aggregateType: "X" } }, "projection names: of: expected an aggregate"],
    [
      "a misspelt event",
      { on: { ProductCreatd: () => undefined } },
      "projection names: on: expected an event of Product: ",
    ],
    [
      "an event that every object has",
      { on: { toString: () => undefined } },
      "projection names: on: expected an event of Product",
    ],
    ["no event at all", { on: {} }, "projection names: on: expected a handler of at least one event"],
    [
      "a handler that is none",
      { on: { ProductCreated: 1 } },
      "projection names: on.ProductCreated: expected a function",
    ],
    [
      "a fifth list",
      { lists: { a: place, b: place, c: place, d: place, e: place } },
      "projection names: lists: expected at most 4 lists, got 5",
    ],
    ["rows of no schema", { row: undefined }, "projection.row: expected a schema"],
    ["no handlers", { on: null }, "projection.on: expected handlers of events"],
    [
      "a list that is no function",
      { lists: { byName: "name" } },
      "projection.lists.byName: expected a function of the row",
    ],
    ["a field of another kind", { needs: () => [] }, "projection.needs: expected one of the fields"],
  ])("%s is refused when it is declared", (_what, more, message) => {
    expect(() => define({ ...declaration, ...more } as never)).toThrow(message);
  });
});

test.each<[string, object, string]>([
  ["an aggregate twice", { of: [product, product] }, 'of: expected each aggregate type once, got "Product"'],
  [
    "an aggregate that is not among them",
    { on: { Produkt: {} } },
    'on: expected one of the aggregates Product, Category, got "Produkt"',
  ],
  ["a list", { lists: {} }, "projection.lists: expected one of the fields"],
])("%s of rows across entities is refused", (_, more, message) => {
  expect(() =>
    acrossEntities({
      ...declaration,
      of: [product, category],
      on: { Category: { CategoryCreated: () => undefined } },
      ...more,
    } as never),
  ).toThrow(message);
});

const named = (type: string) =>
  defineAggregate({
    type,
    state: z.object({}),
    initialState: {},
    events: { Renamed: z.object({ name: z.string() }), Seen: z.object({}) },
    commands: {},
    decide: {},
    evolve: { Renamed: unchanged, Seen: unchanged },
  });
const [cat, dog] = [named("Cat"), named("Dog")];
const renamed = (aggregateType: string, name: string) => ({ aggregateType, eventType: "Renamed", eventData: { name } });

test("events of one name are told apart by their aggregate", async () => {
  const cats = rowPerEntity({ name: "cats", of: cat, row, on: { Renamed: (_row, { eventData }) => eventData } });
  await projecting(cats)
    .given([renamed("Cat", "Tom")])
    .projects({ name: "Tom" });
  const both = rowPerEvent({
    name: "both",
    of: [cat, dog],
    row,
    on: { Cat: { Renamed: ({ eventData }) => eventData }, Dog: ({ eventType }) => ({ name: `a dog: ${eventType}` }) },
  });
  expect(both.from).toEqual({ Cat: ["Renamed"], Dog: ["Renamed", "Seen"] });
  await projecting(both)
    .given([renamed("Cat", "Tom"), renamed("Dog", "Rex")])
    .projects([{ name: "Tom" }, { name: "a dog: Renamed" }]);
});

test("one function takes every event of its aggregates", () => {
  const all = rowPerEvent({ name: "all", of: [cat, dog], row, on: ({ aggregateType }) => ({ name: aggregateType }) });
  expect(all.from).toEqual({ Cat: ["Renamed", "Seen"], Dog: ["Renamed", "Seen"] });
});

test("a row that breaks its schema, and one that is altered in place, are refused with the place", async () => {
  const broken = rowPerEntity({ name: "broken", of: cat, row, on: { Renamed: (_) => ({ name: 7 }) as never } });
  await expect(
    projecting(broken)
      .given([renamed("Cat", "Tom")])
      .projects({}),
  ).rejects.toThrow("cat-1 #1 Renamed: evolve of broken failed: a row of broken does not fit its schema: row.name: ");
  const altering = rowPerEntity({
    name: "altering",
    of: cat,
    row,
    on: { Renamed: (before, { eventData }) => (before ? Object.assign(before, eventData) : eventData) },
  });
  const twice = [renamed("Cat", "Tom"), renamed("Cat", "Tim")];
  await expect(projecting(altering).given(twice).projects({})).rejects.toThrow(
    "Cannot assign to read only property 'name'",
  );
  const shared = acrossEntities({
    name: "shared",
    of: [cat],
    row,
    on: { Cat: { Renamed: (rows) => rows.set({ partition: "p", key: "k" }, { name: "x" }) } },
  });
  await expect(
    projecting(shared)
      .given([renamed("Cat", "Tom")])
      .projects({}),
  ).rejects.toThrow("row p/k: get it before you set it");
});
