import { expect, test } from "@jest/globals";
import { checkPublicEvents, type PublicEvents } from "../../../src/definition/index.ts";

const declared = new Map([["Thing", ["Done", "Undone"]]]);

test("events that are declared are published as said", () => {
  const data = () => ({});
  const publicEvents = { Thing: { Done: { isPublic: false }, Undone: { publishedAs: { data } } } };
  expect(() => checkPublicEvents(publicEvents, declared)).not.toThrow();
  expect(() => checkPublicEvents({ Other: { Anything: { isPublic: false } } }, undefined)).not.toThrow();
});

test.each<[string, object, string]>([
  ["an aggregate that is misspelt", { Thng: {} }, "publish.Thng: expected one of the aggregates Thing"],
  ["a type that is misspelt", { Thing: { Dne: {} } }, "publish.Thing.Dne: expected one of the fields Done, Undone"],
  [
    "a field that is misspelt",
    { Thing: { Done: { ispublic: false } } },
    "publish.Thing.Done.ispublic: expected one of",
  ],
  [
    "a field of the public form",
    { Thing: { Done: { publishedAs: { date: () => 1 } } } },
    "publish.Thing.Done.publishedAs.date",
  ],
  [
    "a form that is no function",
    { Thing: { Done: { publishedAs: { data: {} } } } },
    "publish.Thing.Done.publishedAs.data: expected a function",
  ],
  ["no definition", { Thing: { Done: 7 } }, "publish.Thing.Done: expected an object"],
])("%s is refused by name: the event would be published as it is stored", (_what, publicEvents, message) => {
  expect(() => checkPublicEvents(publicEvents as PublicEvents, declared)).toThrow(message);
});
