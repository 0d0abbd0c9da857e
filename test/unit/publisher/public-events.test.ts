import { expect, test } from "@jest/globals";
import { EventTypeRegistry } from "../../../src/event-store/index.ts";
import { checkPublicEvents, type PublicEvents } from "../../../src/publisher/envelope.ts";

const declared = new EventTypeRegistry({ Moved: {} }, [
  { aggregateType: "Thing", eventTypes: { Done: {}, Undone: {} } },
]);

test("events that are declared are published as said", () => {
  const data = () => ({});
  expect(() =>
    checkPublicEvents({ Done: { isPublic: false }, Moved: { publishedAs: { data } } }, declared),
  ).not.toThrow();
  expect(() => checkPublicEvents({ Anything: { isPublic: false } }, {})).not.toThrow();
});

test.each<[string, object, string]>([
  [
    "a type that is misspelt",
    { Dne: { isPublic: false } },
    "publicEvents.Dne: expected one of the event types Moved, Done, Undone",
  ],
  ["a field that is misspelt", { Done: { ispublic: false } }, "publicEvents.Done.ispublic: expected one of"],
  ["a field of the public form", { Done: { publishedAs: { date: () => 1 } } }, "publicEvents.Done.publishedAs.date"],
  ["no definition", { Done: false }, "publicEvents.Done: expected an object"],
])("%s is refused by name: the event would go out as it is stored", (_what, publicEvents, message) => {
  expect(() => checkPublicEvents(publicEvents as PublicEvents, declared)).toThrow(message);
});
