import { expect, test } from "@jest/globals";
import { createClient } from "../../../src/client.ts";
import { dynamoDbCheckpoints } from "../../../src/consumer.ts";
import type { Projection } from "../../../src/definition/index.ts";
import { EventTypeRegistry } from "../../../src/event-store/index.ts";
import { category, product } from "../../../src/product/index.ts";
import type { productService } from "../../../src/product/service.ts";
import { createProjector, type ProjectorOptions } from "../../../src/projector/dynamodb/index.ts";
import { createPublisher, type PublisherOptions } from "../../../src/publisher/index.ts";
import { type PollerOptions, pollStream } from "../../../src/stream/index.ts";

const counts = { name: "counts", kind: "row-per-entity", from: { Product: ["PriceUpdated"] }, evolve: () => ({}) };

const open = (from: Record<string, string[]>, more: object = {}) =>
  createProjector({
    projections: [{ ...counts, from } as Projection],
    aggregates: [product, category],
    eventTypes: {},
    clock: () => new Date(),
    random: Math.random,
    ...more,
  } as unknown as ProjectorOptions);

const refused = (field: string) => expect.objectContaining({ code: "INVALID_ARGUMENT", field }) as unknown as Error;

test.each([
  ["an aggregate that there is not", { Produkt: ["PriceUpdated"] }, "projection counts: from", "Produkt"],
  [
    "an event that its aggregate has not",
    { Product: ["PriceUpdatd"] },
    "projection counts: from.Product",
    "PriceUpdatd",
  ],
  ["an event of another aggregate", { Category: ["PriceUpdated"] }, "projection counts: from.Category", "PriceUpdated"],
  ["a name that every object has", { Product: ["toString"] }, "projection counts: from.Product", "toString"],
])("%s is refused when the projector is made", (_, from, field, value) => {
  expect(() => open(from as unknown as Record<string, string[]>)).toThrow(refused(field));
  expect(() => open(from as unknown as Record<string, string[]>)).toThrow(value);
  const eventTypes = new EventTypeRegistry({}, [product, category]);
  const byRegistry = () => open(from as unknown as Record<string, string[]>, { aggregates: undefined, eventTypes });
  expect(byRegistry).toThrow(refused(field));
});

test("what is declared is taken, and without declarations anything", () => {
  expect(() => open({ Product: ["PriceUpdated", "ProductCreated"], Category: ["CategoryCreated"] })).not.toThrow();
  expect(() => open({ Order: ["Placed"] }, { aggregates: undefined })).not.toThrow();
});

test("misspelt options are refused by name, wherever there are any", async () => {
  expect(() => open({}, { parkAftr: 1 })).toThrow(refused("options.parkAftr"));
  expect(() => createPublisher({ publishUserID: true } as unknown as PublisherOptions)).toThrow(
    refused("options.publishUserID"),
  );
  await expect(pollStream({ batchsize: 1 } as unknown as PollerOptions)).rejects.toThrow(refused("options.batchsize"));
  expect(() => createClient({ baseURL: "http://127.0.0.1" } as never)).toThrow(refused("options.baseURL"));
  await expect(
    createClient<typeof productService>({ baseUrl: "http://127.0.0.1" }).products.create(
      { name: "Tea", description: "", price: { amount: 1, currency: "USD" } },
      { expectedversion: 1 } as never,
    ),
  ).rejects.toThrow(refused("command.expectedversion"));
  expect(() => dynamoDbCheckpoints({} as never, "t", "c", { leaseMS: 1 } as never)).toThrow(refused("options.leaseMS"));
});
