import { expect, test } from "@jest/globals";
import * as z from "zod";
import { productCatalog } from "../../../projections/product-catalog.ts";
import { defineAggregate, defineService, rowPerEntity } from "../../../src/definition/index.ts";
import { category, product } from "../../../src/product/index.ts";
import { productService } from "../../../src/product/service.ts";
import { asyncApi, brokenPromises, contractNameOf, envelopeOf, publishedEvents } from "../../../src/publisher/index.ts";
import { storedEvent } from "../../support/bare-table.ts";

const define = (more: object) => () =>
  defineService({ name: "Shop", aggregates: { products: product }, ...more } as never);
const anything = { type: "Thing", state: z.object({}), initialState: {}, events: {}, evolve: {} };
const commanded = (...names: string[]) =>
  defineAggregate({
    ...anything,
    commands: Object.fromEntries(names.map((name) => [name, z.object({})])),
    decide: Object.fromEntries(names.map((name) => [name, () => []])),
  } as never);

test("the routes of the commands come from their names", () => {
  expect(productService.commandRoutes.map(({ path, command }) => `${command} ${path}`)).toEqual([
    "CreateProduct /products",
    "ChangePrice /products/{id}/change-price",
    "RenameProduct /products/{id}/rename",
    "DescribeProduct /products/{id}/describe",
    "MoveProduct /products/{id}/move",
    "DiscontinueProduct /products/{id}/discontinue",
    "CreateCategory /categories",
    "RenameCategory /categories/{id}/rename",
    "MoveCategory /categories/{id}/move",
    "ArchiveCategory /categories/{id}/archive",
  ]);
  const things = define({ aggregates: { things: commanded("Thing", "ChangeSKU", "ABTest") } })();
  expect(things.commandRoutes.map(({ path }) => path)).toEqual([
    "/things/{id}/thing",
    "/things/{id}/change-sku",
    "/things/{id}/a-btest",
  ]);
});

test.each<[string, object, string]>([
  ["a misspelt field", { projection: [] }, "service.projection: expected one of the fields"],
  ["no name", { name: "" }, "service.name: expected 1 to 64 letters"],
  ["no aggregate", { aggregates: {} }, "service.aggregates: expected at least one aggregate"],
  [
    "a collection that the library has",
    { aggregates: { entities: product } },
    "service.aggregates: expected another collection",
  ],
  [
    "a collection that is no path",
    { aggregates: { "a/b": product } },
    "service.aggregates: expected a collection of letters",
  ],
  ["what is no aggregate", { aggregates: { products: {} } }, "service.aggregates: expected an aggregate"],
  [
    "two aggregates of one type",
    { aggregates: { a: product, b: product } },
    'expected each aggregate type once, got "Product"',
  ],
  [
    "two projections of one name",
    { projections: [productCatalog, productCatalog] },
    'service.projections: expected each projection name once, got "product-catalog"',
  ],
  [
    "a projection of an aggregate that it has not",
    { aggregates: { categories: category }, projections: [productCatalog] },
    "projection product-catalog: from: expected one of the aggregates Category",
  ],
  [
    "two commands of one route",
    { aggregates: { things: commanded("Rename", "RenameThing") } },
    "commands of Thing: expected another name: Rename has the route /things/{id}/rename",
  ],
  [
    "a shape for no event",
    { publish: { Product: { Created: {} } } },
    "publish.Product.Created: expected one of the fields",
  ],
])("%s is refused when it is declared", (_, more, message) => {
  expect(define(more)).toThrow(message);
});

test("the published contract has what is public, in the shape in which it is published", () => {
  const { publicEvents, ...rest } = define({
    publish: {
      Product: {
        ProductRenamed: { isPublic: false },
        PriceUpdated: {
          publishedAs: {
            eventType: "PriceRaised",
            version: "7.0",
            schema: z.object({ cents: z.int() }),
            data: () => ({ cents: 1 }),
          },
        },
        ProductMoved: { publishedAs: { data: () => 1 } },
      },
    },
  })();
  const contract = publishedEvents({ ...rest, publicEvents });
  expect(contract.map(({ eventType, version }) => `${eventType} ${version}`)).toEqual([
    "ProductCreated 1.0",
    "ProductDescribed 1.0",
    "PriceRaised 7.0",
    "ProductMoved 1.0",
    "ProductDiscontinued 1.0",
  ]);
  expect(contract[2]?.data).toMatchObject({ properties: { cents: { type: "integer" } }, required: ["cents"] });
  expect(contract[3]?.data).toEqual({});
});

test("a projection keeps the aggregates that it was declared of", () => {
  const own = rowPerEntity({ name: "own", of: product, row: z.object({}), on: { ProductCreated: (_) => ({}) } });
  expect(own.aggregates).toEqual([product]);
});

test("two aggregates with an event of one name are two messages of the contract, and data that do not fit their shape are refused", () => {
  const both = defineService({
    name: "Names",
    aggregates: { cats: renamable("Cat"), dogs: renamable("Dog") },
    publish: { Dog: { Renamed: { publishedAs: { schema: z.object({ title: z.string() }), data: () => 7 } } } },
  });
  const events = publishedEvents(both);
  expect(events.map((one) => contractNameOf(one, events))).toEqual(["Cat.Renamed", "Dog.Renamed"]);
  const { messages } = (asyncApi("Names", events) as { channels: { bus: { messages: object } } }).channels.bus;
  expect(messages).toMatchObject({ "Cat.Renamed": { name: "Renamed" }, "Dog.Renamed": { name: "Renamed" } });
  expect(brokenPromises(events, events.slice(1))).toEqual(["Renamed is not published any more"]);
  const event = storedEvent({ entityId: "d", sequenceNumber: 1, aggregateType: "Dog", eventType: "Renamed" });
  expect(() => envelopeOf(event, both)).toThrow("publishedAs failed: data: ");
});

function renamable(type: string) {
  return defineAggregate({
    type,
    state: z.object({}),
    initialState: {},
    events: { Renamed: z.object({ name: z.string() }) },
    commands: {},
    decide: {},
    evolve: { Renamed: (state) => state },
  });
}
