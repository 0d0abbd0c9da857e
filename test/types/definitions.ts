import * as z from "zod";
import { createClient } from "../../src/client.ts";
import { createConsumer } from "../../src/consumer.ts";
import type { AsJson } from "../../src/definition/event.ts";
import { acrossEntities, createCommandHandler, createRowReaders, defineAggregate, defineService, type EventStore, event, type PublishedEventOf, Rejection, type RowOf, rowPerEntity, rowPerEvent, type StateOf, unchanged, upcaster } from "../../src/index.ts";
import { inMemory, stories } from "../../src/testing.ts";

/** What the definitions infer, and mistakes that somebody made: each must not compile. */

const money = z.object({ amount: z.int(), currency: z.string() });
const productState = z.discriminatedUnion("status", [
  z.object({ status: z.literal("missing") }),
  z.object({ status: z.literal("active"), name: z.string(), price: money }),
]);
const price1 = z.object({ cents: z.int() });
const price2 = z.object({ price: money });
const price3 = z.object({ price: money, reason: z.string().nullable() });

const product = defineAggregate({
  type: "Product",
  state: productState,
  initialState: { status: "missing" },
  events: {
    ProductCreated: z.object({ name: z.string(), price: money }),
    PriceUpdated: event({
      version: "3.0",
      schema: price3,
      upcast: {
        "1.0": upcaster(price1, "2.0", ({ cents }) => ({ price: { amount: cents, currency: "EUR" } })),
        "2.0": upcaster(price2, "3.0", (old) => ({ ...old, reason: null })),
      },
      formerly: { PriceChanged: { "1.0": (old) => ({ price: old.price, reason: null }) } },
    }),
    Renamed: z.object({ name: z.string() }),
  },
  commands: {
    CreateProduct: z.object({ name: z.string(), price: money.default({ amount: 0, currency: "EUR" }) }),
    ChangePrice: z.object({ price: money }),
    RenameProduct: z.object({ name: z.string() }),
  },
  decide: {
    CreateProduct: ({ data }, state) => {
      if (state.status !== "missing") throw new Rejection("product-exists", "it exists");
      return [{ eventType: "ProductCreated", eventData: data }];
    },
    ChangePrice: ({ data }) => [{ eventType: "PriceUpdated", eventData: { price: data.price, reason: null } }],
    RenameProduct: ({ data }) => [{ eventType: "Renamed", eventData: data }],
  },
  evolve: {
    ProductCreated: (_, { eventData }) => ({ status: "active", ...eventData }),
    PriceUpdated: (state, { eventData }) => (state.status === "missing" ? state : { ...state, price: eventData.price }),
    Renamed: unchanged,
  },
});

const category = defineAggregate({
  type: "Category",
  state: z.object({ names: z.int() }),
  initialState: { names: 0 },
  events: { Renamed: z.object({ to: z.string() }) },
  commands: { RenameCategory: z.object({ to: z.string() }) },
  decide: { RenameCategory: ({ data }) => [{ eventType: "Renamed", eventData: data }] },
  evolve: { Renamed: (state) => ({ names: state.names + 1 }) },
});

const catalogRow = z.object({ name: z.string(), status: z.enum(["new", "changed"]) });
const catalog = rowPerEntity({
  name: "catalog",
  of: product,
  row: catalogRow,
  on: {
    ProductCreated: (_, { eventData }) => ({ name: eventData.name, status: "new" }),
    Renamed: (row, { eventData }) => row && { name: eventData.name, status: "changed" },
  },
  lists: { byName: ({ name }) => ({ partition: "all", sort: name }) },
});
const history = rowPerEvent({
  name: "history",
  of: product,
  row: z.object({ amount: z.int() }),
  on: { PriceUpdated: ({ eventData }) => ({ amount: eventData.price.amount }) },
});
const names = acrossEntities({
  name: "names",
  of: [product, category],
  row: z.object({ count: z.int() }),
  on: {
    Product: { Renamed: (rows, { eventData }) => void rows.remove({ partition: "n", key: eventData.name }) },
    Category: { Renamed: (rows, { eventData }) => rows.set({ partition: "n", key: eventData.to }, { count: 1 }) },
  },
});
const shop = defineService({
  name: "Shop",
  aggregates: { products: product, categories: category },
  projections: [catalog, history, names],
  publish: {
    Product: {
      ProductCreated: { isPublic: false },
      PriceUpdated: { publishedAs: { eventType: "PriceRaised", data: ({ eventData }) => eventData.price.amount } },
    },
  },
});

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const isTrue = <T extends true>(): T | undefined => undefined;

isTrue<Same<StateOf<typeof product>, z.infer<typeof productState>>>();
isTrue<Same<RowOf<typeof catalog>, { name: string; status: "new" | "changed" }>>();
type Published = PublishedEventOf<typeof shop>;
isTrue<Same<Published["eventType"], "PriceRaised" | "Renamed">>();
isTrue<Same<Extract<Published, { eventType: "PriceRaised" }>["data"], number>>();
isTrue<Same<Extract<Published, { aggregateType: "Category" }>["data"], { to: string }>>();

declare const store: EventStore;
const handle = createCommandHandler(shop, { store });
const client = createClient<typeof shop>({ baseUrl: "https://shop.example.com" });
const rows = createRowReaders({} as never);
const checkpoints = { last: async () => 0, advance: async () => true };

export async function fine(): Promise<void> {
  const { state } = await handle("Product", {
    entityId: "p-1",
    command: { type: "CreateProduct", data: { name: "Tea" } },
    userId: "ann",
    correlationId: "c-1",
  });
  if (state.status === "active") state.price.amount.toFixed();
  await client.products.create({ name: "Tea", productId: "p-1" });
  await client.products("p-1").rename({ name: "Green tea" }, { expectedVersion: 1 });
  await client.categories("c-1").rename({ to: "Teas" });
  (await rows(catalog).list("byName", "all")).rows[0]?.name.trim();
  (await rows(history).eventRows("p-1")).rows[0]?.amount.toFixed();
  (await rows(names).sharedRows("n")).rows[0]?.count.toFixed();
  createConsumer<typeof shop>({
    checkpoints,
    handlers: {
      PriceRaised: async ({ data }) => void data.toFixed(),
      Renamed: async (one) =>
        (one.aggregateType === "Category" ? one.data.to : one.data.name).length > 0 ? undefined : undefined,
    },
  });
  stories(product)
    .given([{ eventType: "ProductCreated", eventData: { name: "Tea", price: { amount: 1, currency: "EUR" } } }])
    .when({ type: "ChangePrice", data: { price: { amount: 2, currency: "EUR" } } })
    .then([{ eventType: "PriceUpdated", eventData: { price: { amount: 2, currency: "EUR" }, reason: null } }]);
}

// Branded text stays branded; a date is its text once it is stored.
type Branded = string & z.core.$brand<"Id">;
isTrue<Same<AsJson<{ id: Branded; at: Date; days: Date[] }>, { id: Branded; at: string; days: string[] }>>();

// Aggregates.
const counter = {
  type: "Counter",
  state: z.object({ n: z.int() }),
  initialState: { n: 0 },
  events: { Counted: z.object({ by: z.int() }) },
  commands: { Count: z.object({ by: z.int() }) },
  createdBy: "Count",
} as const;
const decideCount = ({ data }: { data: { by: number } }) => [{ eventType: "Counted", eventData: data } as const];
const evolveCounted = (state: { n: number }, { eventData }: { eventData: { by: number } }) => ({
  n: state.n + eventData.by,
});
const handlers = { decide: { Count: decideCount }, evolve: { Counted: evolveCounted } };
defineAggregate({ ...counter, ...handlers });
// @ts-expect-error an event that `evolve` does not take
defineAggregate({ ...counter, ...handlers, events: { Counted: counter.events.Counted, Reset: z.object({}) } });
// @ts-expect-error a misspelt event in `evolve`
defineAggregate({ ...counter, ...handlers, evolve: { Counted: evolveCounted, Countd: evolveCounted } });
// @ts-expect-error a command that nothing decides
defineAggregate({ ...counter, ...handlers, commands: { Count: counter.commands.Count, Reset: z.object({}) } });
// @ts-expect-error an event of a wrong payload
defineAggregate({ ...counter, ...handlers, decide: { Count: (_) => [{ eventType: "Counted", eventData: { by: "1" } }] } });
// @ts-expect-error an event that is not declared
defineAggregate({ ...counter, ...handlers, decide: { Count: (_) => [{ eventType: "Countd", eventData: { by: 1 } }] } });
// @ts-expect-error a decision that is not awaited
defineAggregate({ ...counter, ...handlers, decide: { Count: async (_) => [] } });
// @ts-expect-error a state that does not fit its schema
defineAggregate({ ...counter, ...handlers, evolve: { Counted: (_) => ({ m: 1 }) } });
// @ts-expect-error an initial state that does not fit
defineAggregate({ ...counter, ...handlers, initialState: { n: "0" } });
// @ts-expect-error a snapshot at an event that there is not
defineAggregate({ ...counter, ...handlers, snapshots: { at: ["Countd"] } });
// @ts-expect-error created by a command that there is not
defineAggregate({ ...counter, ...handlers, createdBy: "Cnt" });
// @ts-expect-error a misspelt option
defineAggregate({ ...counter, ...handlers, snapshot: { every: 10 } });

// Upcasters.
const v1 = upcaster(price1, "2.0", ({ cents }) => ({ price: { amount: cents, currency: "EUR" } }));
// @ts-expect-error it must give what the current version takes
event({ version: "2.0", schema: price3, upcast: { "1.0": v1 } });
// @ts-expect-error it must give what the next version takes
event({ version: "3.0", schema: price3, upcast: { "1.0": v1, "2.0": upcaster(price1, "3.0", () => ({ price: { amount: 1, currency: "" }, reason: null })) } });
// @ts-expect-error a field of the old version that there was not
upcaster(price1, "2.0", ({ amount }) => ({ price: { amount, currency: "EUR" } }));
// @ts-expect-error an upcaster straight to the current version that leaves out a field
event({ version: "2.0", schema: price3, upcast: { "1.0": (old) => ({ price: old.price }) } });

// Projections.
const of = { name: "p", of: product, row: catalogRow } as const;
// @ts-expect-error a misspelt event: the read model would stay empty
rowPerEntity({ ...of, on: { ProductCreatd: () => undefined } });
// @ts-expect-error an event of another aggregate
rowPerEvent({ ...of, of: category, on: { PriceUpdated: () => undefined } });
// @ts-expect-error a row that does not fit its schema
rowPerEntity({ ...of, on: { Renamed: (_, { eventData }) => ({ name: eventData.name, status: "old" }) } });
// @ts-expect-error a row with a date: rows are stored as they are given
rowPerEntity({ ...of, row: z.object({ at: z.date() }), on: { Renamed: () => ({ at: new Date() }) } });
// @ts-expect-error the row may be missing
rowPerEntity({ ...of, on: { Renamed: (row) => ({ ...row, name: row.name }) } });
// @ts-expect-error a field that the event has not
rowPerEvent({ ...of, on: { Renamed: ({ eventData }) => ({ name: eventData.to, status: "new" }) } });
// @ts-expect-error a list by a field that the row has not
rowPerEntity({ ...of, on: { Renamed: (row) => row }, lists: { byPrice: ({ price }) => ({ partition: "all", sort: price }) } });
// @ts-expect-error an aggregate type that is not among them
acrossEntities({ ...of, of: [product], on: { Prodct: {} } });
// @ts-expect-error a field of the other aggregate's event of the same name
acrossEntities({ ...of, of: [product, category], on: { Category: { Renamed: (_rows, { eventData }) => void eventData.name } } });
// @ts-expect-error a list of rows across entities
acrossEntities({ ...of, of: [product], on: {}, lists: { byName: () => undefined } });

// The service and who uses it.
// @ts-expect-error a shape for an event that there is not
defineService({ name: "Shop", aggregates: { products: product }, publish: { Product: { Created: { isPublic: false } } } });
// @ts-expect-error a shape by a field that the event has not
defineService({ name: "Shop", aggregates: { products: product }, publish: { Product: { Renamed: { publishedAs: { data: ({ eventData }) => eventData.to } } } } });
// @ts-expect-error a shape for an aggregate that there is not, beside one that there is
defineService({ name: "Shop", aggregates: { products: product }, publish: { Product: { Renamed: { isPublic: false } }, Produkt: {} } });
// @ts-expect-error a shape for an event that there is not, beside one that there is
defineService({ name: "Shop", aggregates: { products: product }, publish: { Product: { Renamed: { isPublic: false }, Renamd: { isPublic: false } } } });
// @ts-expect-error a misspelt field of a shape
defineService({ name: "Shop", aggregates: { products: product }, publish: { Product: { Renamed: { isPublc: false } } } });
// @ts-expect-error a command of another aggregate
handle("Category", { entityId: "c", command: { type: "ChangePrice", data: {} }, userId: "a", correlationId: "c" });
// @ts-expect-error an aggregate type that there is not
handle("Produkt", { entityId: "c", command: { type: "ChangePrice", data: {} }, userId: "a", correlationId: "c" });
// @ts-expect-error a body that the command does not take
client.products("p-1").changePrice({ price: 1 });
// @ts-expect-error a command that there is not
client.products("p-1").archive({});
// @ts-expect-error nothing makes a category by `create`
client.categories.create({});
// @ts-expect-error a list that there is not
rows(catalog).list("byPrice", "all");
// @ts-expect-error a history of rows that are one an entity
rows(catalog).eventRows("p-1");
// @ts-expect-error an event that is not published
createConsumer<typeof shop>({ checkpoints, handlers: { ProductCreated: async () => undefined } });
// @ts-expect-error the shape that is published, not the stored one
createConsumer<typeof shop>({ checkpoints, handlers: { PriceRaised: async ({ data }) => void data.price } });
// @ts-expect-error a command with data that it does not take
stories(product) .given([]) .when({ type: "RenameProduct", data: { to: "x" } });
// @ts-expect-error a command of another aggregate
inMemory(shop).handle("Product", "p-1", { type: "RenameCategory", data: { to: "x" } });
